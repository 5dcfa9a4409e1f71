//! Header names and value rules that several operations share (api-objects.md §0.8, §0.9). Written by the protocol owner.
