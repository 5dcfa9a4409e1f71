//! Expressions over one record, and aggregates over many.

use crate::json::Json;
use crate::json_stream::Step;
use crate::value::{Number, Type, Value};
use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;

/// An expression that was checked.
#[derive(Debug, Clone)]
pub(crate) enum Expr {
    Literal(Literal),
    /// A column of a CSV record, from 0.
    Column(usize),
    /// A value within a JSON record.
    Path(Vec<Step>),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Compare(Box<Expr>, Comparison, Box<Expr>),
    Arithmetic(Box<Expr>, Operator, Box<Expr>),
    Concat(Box<Expr>, Box<Expr>),
    Like {
        value: Box<Expr>,
        pattern: Box<Expr>,
        escape: Option<char>,
        negated: bool,
    },
    In(Box<Expr>, Vec<Expr>, bool),
    Between(Box<Expr>, Box<Expr>, Box<Expr>, bool),
    IsNull(Box<Expr>, bool),
    /// IS TRUE and IS FALSE, negated or not.
    IsTruth(Box<Expr>, bool, bool),
    Cast(Box<Expr>, Type),
}

#[derive(Debug, Clone)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// A record.
pub(crate) enum Row<'a> {
    Csv(&'a [Cow<'a, str>]),
    Json(&'a Json),
}

/// What an expression is evaluated on.
pub(crate) struct Context<'a> {
    pub(crate) row: Row<'a>,
    pub(crate) numbers_as_text: bool,
    /// Set when a column or key was not there.
    pub(crate) missing: Cell<bool>,
}

impl<'a> Context<'a> {
    /// The value at a path; `None`: not there.
    pub(crate) fn at(&self, path: &[Step]) -> Option<&'a Json> {
        let Row::Json(mut json) = self.row else {
            return None;
        };
        for step in path {
            json = match step {
                Step::Member(name) => json.member(name)?,
                Step::Element(at) => json.element(*at)?,
                Step::Every => return None,
            };
        }
        Some(json)
    }
}

impl Expr {
    pub(crate) fn value<'a>(&'a self, context: &Context<'a>) -> Value<'a> {
        let truth = |truth: Option<bool>| truth.map_or(Value::Null, Value::Bool);
        match self {
            Self::Literal(Literal::Null) => Value::Null,
            Self::Literal(Literal::Bool(flag)) => Value::Bool(*flag),
            Self::Literal(Literal::Number(number)) => (*number).into(),
            Self::Literal(Literal::Text(text)) => Value::Text(Cow::Borrowed(text)),
            Self::Column(at) => {
                let field = match context.row {
                    Row::Csv(fields) => fields.get(*at),
                    Row::Json(_) => None,
                };
                match field {
                    Some(text) => Value::Text(Cow::Borrowed(text)),
                    None => {
                        context.missing.set(true);
                        Value::Null
                    }
                }
            }
            Self::Path(path) => match context.at(path) {
                Some(json) => Value::of_json(json, context.numbers_as_text),
                None => {
                    context.missing.set(true);
                    Value::Null
                }
            },
            Self::Not(inner) => truth(inner.value(context).truth().map(|flag| !flag)),
            Self::Negative(inner) => match inner.value(context).number() {
                Some(number) => number.negate().into(),
                None => Value::Null,
            },
            Self::And(one, two) => truth(match one.value(context).truth() {
                Some(false) => Some(false),
                known => match (known, two.value(context).truth()) {
                    (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                },
            }),
            Self::Or(one, two) => truth(match one.value(context).truth() {
                Some(true) => Some(true),
                known => match (known, two.value(context).truth()) {
                    (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                },
            }),
            Self::Compare(one, comparison, two) => {
                let order = one.value(context).compare(&two.value(context));
                truth(order.map(|order| comparison.holds(order)))
            }
            Self::Arithmetic(one, operator, two) => {
                let (one, two) = (one.value(context).number(), two.value(context).number());
                let (Some(one), Some(two)) = (one, two) else {
                    return Value::Null;
                };
                let result = match operator {
                    Operator::Add => Some(one.add(two)),
                    Operator::Subtract => Some(one.add(two.negate())),
                    Operator::Multiply => Some(one.multiply(two)),
                    Operator::Divide => one.divide(two),
                    Operator::Remainder => one.remainder(two),
                };
                result.map_or(Value::Null, Value::from)
            }
            Self::Concat(one, two) => {
                let (one, two) = (one.value(context), two.value(context));
                if one.is_null() || two.is_null() {
                    return Value::Null;
                }
                let mut out = String::new();
                one.write_plain(&mut out);
                two.write_plain(&mut out);
                Value::Text(Cow::Owned(out))
            }
            Self::Like {
                value,
                pattern,
                escape,
                negated,
            } => {
                let text = |value: Value<'a>| match value.cast(Type::Text) {
                    Value::Text(text) => Some(text),
                    _ => None,
                };
                match (text(value.value(context)), text(pattern.value(context))) {
                    (Some(value), Some(pattern)) => {
                        Value::Bool(like(&value, &pattern, *escape) != *negated)
                    }
                    _ => Value::Null,
                }
            }
            Self::In(value, list, negated) => {
                let value = value.value(context);
                let mut unknown = value.is_null();
                for item in list {
                    match value.compare(&item.value(context)) {
                        Some(Ordering::Equal) => return Value::Bool(!negated),
                        Some(_) => {}
                        None => unknown |= item.value(context).is_null(),
                    }
                }
                if unknown {
                    Value::Null
                } else {
                    Value::Bool(*negated)
                }
            }
            Self::Between(value, low, high, negated) => {
                let value = value.value(context);
                let above = value.compare(&low.value(context)).map(Ordering::is_ge);
                let below = value.compare(&high.value(context)).map(Ordering::is_le);
                truth(match (above, below) {
                    (Some(false), _) | (_, Some(false)) => Some(*negated),
                    (Some(true), Some(true)) => Some(!*negated),
                    _ => None,
                })
            }
            Self::IsNull(inner, negated) => {
                // A key that is not there is null, which is what is asked for here.
                let before = context.missing.get();
                let null = inner.value(context).is_null();
                context.missing.set(before);
                Value::Bool(null != *negated)
            }
            Self::IsTruth(inner, wanted, negated) => {
                Value::Bool((inner.value(context).truth() == Some(*wanted)) != *negated)
            }
            Self::Cast(inner, to) => inner.value(context).cast(*to),
        }
    }
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// LIKE: `%` is any text, `_` any character. Goes back to the last `%` only, so that it takes at most the product of
/// both lengths.
fn like(text: &str, pattern: &str, escape: Option<char>) -> bool {
    let (mut text, mut pattern) = (text, pattern);
    // Where to go on when the present attempt fails: behind the last `%`, and the text that it has not taken yet.
    let mut retry: Option<(&str, &str)> = None;
    loop {
        let mut rest = pattern.chars();
        let step = match rest.next() {
            None if text.is_empty() => return true,
            None => None,
            Some('%') if escape != Some('%') => {
                pattern = rest.as_str();
                retry = Some((pattern, text));
                continue;
            }
            Some('_') if escape != Some('_') => Some(None),
            Some(c) if escape == Some(c) => rest.next().map(Some),
            Some(c) => Some(Some(c)),
        };
        let mut characters = text.chars();
        let matched = match (step, characters.next()) {
            (Some(None), Some(_)) => true,
            (Some(Some(wanted)), Some(found)) => wanted == found,
            _ => false,
        };
        if matched {
            pattern = rest.as_str();
            text = characters.as_str();
            continue;
        }
        let Some((behind, from)) = retry else {
            return false;
        };
        let mut from = from.chars();
        if from.next().is_none() {
            return false;
        }
        pattern = behind;
        text = from.as_str();
        retry = Some((behind, text));
    }
}

/// An aggregate of the statement.
#[derive(Debug, Clone)]
pub(crate) enum Aggregate {
    CountAll,
    Count(Expr),
    Sum(Expr),
    Average(Expr),
    Least(Expr),
    Greatest(Expr),
}

/// An aggregate so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Running {
    count: i64,
    sum: Option<Number>,
    /// Least or greatest, as a value of its own.
    extreme: Option<Value<'static>>,
}

impl Aggregate {
    /// Takes one record into account.
    pub(crate) fn add<'a>(&'a self, running: &mut Running, context: &Context<'a>) {
        match self {
            Self::CountAll => running.count += 1,
            Self::Count(of) => running.count += i64::from(!of.value(context).is_null()),
            Self::Sum(of) | Self::Average(of) => {
                if let Some(number) = of.value(context).number() {
                    running.count += 1;
                    running.sum = Some(match running.sum {
                        None => number,
                        Some(sum) => sum.add(number),
                    });
                }
            }
            Self::Least(of) => running.extreme(of.value(context), Ordering::Less),
            Self::Greatest(of) => running.extreme(of.value(context), Ordering::Greater),
        }
    }

    pub(crate) fn result<'r>(&self, running: &'r Running) -> Value<'r> {
        match self {
            Self::CountAll | Self::Count(_) => Value::Int(running.count),
            Self::Sum(_) => running.sum.map_or(Value::Null, Value::from),
            Self::Average(_) => running.sum.map_or(Value::Null, |sum| {
                Value::Double(sum.to_f64() / running.count as f64)
            }),
            Self::Least(_) | Self::Greatest(_) => running.extreme.clone().unwrap_or(Value::Null),
        }
    }
}

impl Running {
    fn extreme(&mut self, value: Value<'_>, wanted: Ordering) {
        let better = match &self.extreme {
            None => !value.is_null(),
            Some(best) => value.compare(best) == Some(wanted),
        };
        if better {
            self.extreme = match value {
                Value::Text(text) => Some(Value::Text(Cow::Owned(text.into_owned()))),
                Value::Bool(flag) => Some(Value::Bool(flag)),
                Value::Int(int) => Some(Value::Int(int)),
                Value::Double(double) => Some(Value::Double(double)),
                Value::Decimal(decimal) => Some(Value::Decimal(decimal)),
                Value::Time(time) => Some(Value::Time(time)),
                // Arrays and objects have no order.
                Value::Null | Value::Json(_) => return,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_matches() {
        for (text, pattern, escape, wanted) in [
            ("", "", None, true),
            ("", "%", None, true),
            ("abc", "abc", None, true),
            ("abc", "a_c", None, true),
            ("a中c", "a_c", None, true),
            ("abc", "ab", None, false),
            (
                "high blood pressure aged >=18 Years",
                "%blood pressure%Years",
                None,
                true,
            ),
            ("aXbXc", "a%X%c", None, true),
            ("aab", "%ab", None, true),
            ("abab", "%ab", None, true),
            ("ABC", "abc", None, false),
            ("50%", "50!%", Some('!'), true),
            ("500", "50!%", Some('!'), false),
            ("a_b", "a\\_b", Some('\\'), true),
            ("axb", "a\\_b", Some('\\'), false),
            ("a", "a!", Some('!'), false),
        ] {
            assert_eq!(like(text, pattern, escape), wanted, "{text} like {pattern}");
        }
        let (text, pattern) = ("a".repeat(3000), format!("{}b", "%a".repeat(500)));
        assert!(!like(&text, &pattern, None));
    }
}
