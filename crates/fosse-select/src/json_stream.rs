//! Finds the records of a JSON object while it streams by: the values at a path, or every value of the top level.
//!
//! What lies outside of the records is checked for its words and for what may follow what, not for what strings hold;
//! whether a record is JSON is known when it is parsed. At the top level values may stand side by side, with commas or without.

use crate::json::{Json, MAX_DEPTH};
use crate::{MAX_RECORD, SelectError};

/// Longest name of a member, and longest number, on the way to a record.
const MAX_NAME: usize = 64 * 1024;

/// A step of the path behind `ossobject`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// `.name`
    Member(String),
    /// `[n]`
    Element(usize),
    /// `[*]`
    Every,
}

/// What may come next in a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    NameOrEnd,
    Name,
    Colon,
    ValueOrEnd,
    Value,
    CommaOrEnd,
}

/// A container that the reader is in.
#[derive(Debug)]
struct Level {
    object: bool,
    /// Elements so far.
    at: usize,
    /// Name of the member that comes or is read.
    name: String,
    next: Next,
    /// The container is on the path.
    on_path: bool,
}

/// The reader.
#[derive(Debug)]
pub(crate) struct JsonStream {
    path: Vec<Step>,
    levels: Vec<Level>,
    /// The record that is being read, with its depth; `None` between records.
    record: Option<(Vec<u8>, usize)>,
    /// Within a string; `true` after a backslash.
    string: Option<bool>,
    /// The name that is being read.
    name: Option<Vec<u8>>,
    /// Within a word or number.
    scalar: bool,
    /// That word or number, outside of records.
    word: Vec<u8>,
}

impl JsonStream {
    pub(crate) fn new(path: Vec<Step>) -> Self {
        Self {
            path,
            levels: Vec::new(),
            record: None,
            string: None,
            name: None,
            scalar: false,
            word: Vec::new(),
        }
    }

    /// Whether a value of the top level has begun and not ended.
    pub(crate) fn is_within(&self) -> bool {
        self.scalar || self.string.is_some() || !self.levels.is_empty()
    }

    /// Reads on; every record is handed over, which answers whether to go on.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        take: &mut dyn FnMut(&[u8]) -> Result<bool, SelectError>,
    ) -> Result<bool, SelectError> {
        for &byte in bytes {
            if !self.byte(byte, take)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The end of the object.
    pub(crate) fn finish(
        &mut self,
        take: &mut dyn FnMut(&[u8]) -> Result<bool, SelectError>,
    ) -> Result<bool, SelectError> {
        if self.string.is_some() || !self.levels.is_empty() {
            return Err(SelectError::json("The JSON data ends within a value."));
        }
        self.scalar_ends(take)
    }

    fn byte(
        &mut self,
        byte: u8,
        take: &mut dyn FnMut(&[u8]) -> Result<bool, SelectError>,
    ) -> Result<bool, SelectError> {
        if let Some(escaped) = self.string {
            self.keep(byte)?;
            if let Some(name) = &mut self.name {
                name.push(byte);
                if name.len() > MAX_NAME {
                    return Err(SelectError::json("The name of a member is too long."));
                }
            }
            match byte {
                b'\\' if !escaped => self.string = Some(true),
                b'"' if !escaped => {
                    self.string = None;
                    if let Some(name) = self.name.take() {
                        self.named(&name)?;
                        return Ok(true);
                    }
                    return self.value_ends(take);
                }
                _ => self.string = Some(false),
            }
            return Ok(true);
        }
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {
                if !self.scalar_ends(take)? {
                    return Ok(false);
                }
                self.keep(byte)?;
                Ok(true)
            }
            b',' | b':' => {
                if !self.scalar_ends(take)? {
                    return Ok(false);
                }
                match self.levels.last_mut() {
                    Some(level) if byte == b':' && level.next == Next::Colon => {
                        level.next = Next::Value;
                    }
                    Some(level) if byte == b',' && level.next == Next::CommaOrEnd => {
                        level.at += 1;
                        level.next = if level.object {
                            Next::Name
                        } else {
                            Next::Value
                        };
                    }
                    None if byte == b',' => {}
                    _ => return Err(misplaced(byte)),
                }
                self.keep(byte)?;
                Ok(true)
            }
            b'{' | b'[' => {
                let on_path = self.begins(byte)?;
                self.keep(byte)?;
                if self.levels.len() >= MAX_DEPTH {
                    return Err(SelectError::json("The JSON data is nested too deep."));
                }
                let object = byte == b'{';
                self.levels.push(Level {
                    object,
                    at: 0,
                    name: String::new(),
                    next: if object {
                        Next::NameOrEnd
                    } else {
                        Next::ValueOrEnd
                    },
                    on_path,
                });
                Ok(true)
            }
            b'}' | b']' => {
                if !self.scalar_ends(take)? {
                    return Ok(false);
                }
                let level = self.levels.pop();
                let ends = level.is_some_and(|level| {
                    level.object == (byte == b'}')
                        && matches!(
                            level.next,
                            Next::CommaOrEnd | Next::NameOrEnd | Next::ValueOrEnd
                        )
                });
                if !ends {
                    return Err(misplaced(byte));
                }
                self.keep(byte)?;
                self.value_ends(take)
            }
            b'"' => {
                match self.levels.last_mut() {
                    Some(level) if matches!(level.next, Next::Name | Next::NameOrEnd) => {
                        level.next = Next::Colon;
                        if self.record.is_none() {
                            self.name = Some(vec![b'"']);
                        }
                    }
                    _ => {
                        self.begins(byte)?;
                    }
                }
                // Within a record a name is text like any other, whose end is no end of a value.
                self.keep(byte)?;
                self.string = Some(false);
                Ok(true)
            }
            _ => {
                if !self.scalar {
                    self.begins(byte)?;
                    self.scalar = true;
                    self.word.clear();
                }
                self.keep(byte)?;
                if self.record.is_none() {
                    if self.word.len() >= MAX_NAME {
                        return Err(SelectError::json("A number of the JSON data is too long."));
                    }
                    self.word.push(byte);
                }
                Ok(true)
            }
        }
    }

    /// A name outside of records was read.
    fn named(&mut self, quoted: &[u8]) -> Result<(), SelectError> {
        let Some(Json::Text(name)) = Json::parse(quoted) else {
            return Err(SelectError::json("The name of a member is no JSON string."));
        };
        if let Some(level) = self.levels.last_mut() {
            level.name = name;
        }
        Ok(())
    }

    /// A value begins. Whether it is on the path; if it ends the path it is a record.
    fn begins(&mut self, byte: u8) -> Result<bool, SelectError> {
        if self.scalar {
            return Err(misplaced(byte));
        }
        if let Some(level) = self.levels.last_mut() {
            if !matches!(level.next, Next::Value | Next::ValueOrEnd) {
                return Err(misplaced(byte));
            }
            level.next = Next::CommaOrEnd;
        }
        if self.record.is_some() {
            return Ok(false);
        }
        let depth = self.levels.len();
        let on_path = match self.levels.last() {
            None => true,
            Some(level) if !level.on_path => false,
            Some(level) => match self.path.get(depth - 1) {
                Some(Step::Member(name)) => level.object && *name == level.name,
                Some(Step::Element(at)) => !level.object && *at == level.at,
                Some(Step::Every) => !level.object,
                None => false,
            },
        };
        if on_path && depth == self.path.len() {
            self.record = Some((Vec::new(), depth));
        }
        Ok(on_path)
    }

    fn keep(&mut self, byte: u8) -> Result<(), SelectError> {
        if let Some((record, _)) = &mut self.record {
            if record.len() >= MAX_RECORD {
                return Err(SelectError::json("A JSON record is too large."));
            }
            record.push(byte);
        }
        Ok(())
    }

    fn scalar_ends(
        &mut self,
        take: &mut dyn FnMut(&[u8]) -> Result<bool, SelectError>,
    ) -> Result<bool, SelectError> {
        if std::mem::take(&mut self.scalar) {
            if self.record.is_none() && Json::parse(&self.word).is_none() {
                return Err(SelectError::json("The JSON data has a word that is none."));
            }
            return self.value_ends(take);
        }
        Ok(true)
    }

    fn value_ends(
        &mut self,
        take: &mut dyn FnMut(&[u8]) -> Result<bool, SelectError>,
    ) -> Result<bool, SelectError> {
        let depth = self.levels.len();
        match self.record.take_if(|(_, start)| *start == depth) {
            Some((record, _)) => take(&record),
            None => Ok(true),
        }
    }
}

fn misplaced(byte: u8) -> SelectError {
    let byte = char::from(byte).escape_default();
    SelectError::json(format!("A '{byte}' of the JSON data is out of place."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(path: Vec<Step>, text: &str) -> Result<Vec<String>, SelectError> {
        let mut all = Vec::new();
        for size in [1, 3, usize::MAX] {
            let mut found = Vec::new();
            let mut stream = JsonStream::new(path.clone());
            let mut take = |record: &[u8]| {
                let mut text = String::new();
                Json::parse(record).expect("JSON").write(&mut text);
                found.push(text);
                Ok(true)
            };
            for piece in text.as_bytes().chunks(size) {
                stream.feed(piece, &mut take)?;
            }
            stream.finish(&mut take)?;
            all.push(found);
        }
        assert_eq!(all[0], all[1]);
        assert_eq!(all[0], all[2]);
        Ok(all.remove(0))
    }

    fn member(name: &str) -> Step {
        Step::Member(name.into())
    }

    #[test]
    fn every_value_of_the_top_level_is_a_record() {
        for text in [
            "{\"a\":1}\n{\"b\":[1,{\"c\":\"}\\\"\"}]}",
            "{\"a\":1},{\"b\":[1,{\"c\":\"}\\\"\"}]}\r\n",
            "{ \"a\" : 1 }{\"b\":\n[1,{\"c\":\"}\\\"\"}]}",
        ] {
            assert_eq!(
                records(vec![], text).unwrap(),
                ["{\"a\":1}", "{\"b\":[1,{\"c\":\"}\\\"\"}]}"],
                "{text}"
            );
        }
        assert_eq!(
            records(vec![], "1 \"a b\" true\n[2]").unwrap(),
            ["1", "\"a b\"", "true", "[2]"]
        );
        assert_eq!(
            records(vec![], "{\"a\":1},\n{\"b\":2},\n").unwrap(),
            ["{\"a\":1}", "{\"b\":2}"]
        );
        assert!(records(vec![], " \n").unwrap().is_empty());
    }

    #[test]
    fn a_path_leads_to_records() {
        let text = r#"{"x":{"list":[9]},"a\u0062":{"list":[{"k":1},{"k":{"list":[5]}},3,"s"],"z":0},"list":[7]}"#;
        let path = vec![member("ab"), member("list")];
        let every = [path.clone(), vec![Step::Every]].concat();
        assert_eq!(
            records(every.clone(), text).unwrap(),
            ["{\"k\":1}", "{\"k\":{\"list\":[5]}}", "3", "\"s\""]
        );
        assert_eq!(
            records([path.clone(), vec![Step::Element(1)]].concat(), text).unwrap(),
            ["{\"k\":{\"list\":[5]}}"]
        );
        assert_eq!(
            records([every, vec![member("k")]].concat(), text).unwrap(),
            ["1", "{\"list\":[5]}"]
        );
        assert_eq!(records(path, text).unwrap().len(), 1);
        assert!(
            records(vec![member("none"), Step::Every], text)
                .unwrap()
                .is_empty()
        );
        assert_eq!(
            records(vec![Step::Every], "[1,[2],{}]").unwrap(),
            ["1", "[2]", "{}"]
        );
    }

    #[test]
    fn broken_data_is_refused() {
        for text in [
            "{",
            "[1",
            "\"a",
            "}",
            "[}",
            &"[".repeat(1000),
            &format!("\"{}\"", "a".repeat(MAX_RECORD)),
        ] {
            assert!(records(vec![], text).is_err());
        }
    }

    /// Data that is no JSON at all had no records on a path, and so was an empty result.
    #[test]
    fn broken_data_outside_of_the_path_is_refused() {
        let path = || vec![member("list"), Step::Every];
        let text = |skipped: &str| format!("{{\"a\":{skipped},\"list\":[1]}}");
        for good in [
            "1",
            "-1.5e+3",
            "[]",
            "{}",
            "[[1,\"a\"],null]",
            "{\"b\":{\"c\":true}}",
            "\"x\"",
        ] {
            assert_eq!(records(path(), &text(good)).unwrap(), ["1"], "{good}");
        }
        for bad in [
            "",
            "x",
            "1x",
            "tru",
            "1 2",
            "1\"a\"",
            "1{}",
            "[1,]",
            "[,1]",
            "[1:2]",
            "[1 [2]]",
            "{\"b\"}",
            "{\"b\",1}",
            "{\"b\":}",
            "{\"b\":1,}",
            "{1:2}",
            "{[]:2}",
            "[{\"b\":1]}",
            "\"x\":1",
            &"1".repeat(MAX_NAME + 1),
        ] {
            assert!(records(path(), &text(bad)).is_err(), "{bad:.20}");
        }
        assert!(records(path(), "Year,State\n2015,\"US\"\n").is_err());
    }
}
