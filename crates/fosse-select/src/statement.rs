//! From SQL text to a statement that OSS knows: `SELECT list FROM ossobject[path] [alias] [WHERE …] [LIMIT n]`.

use crate::eval::{Aggregate, Comparison, Expr, Literal, Operator};
use crate::json_stream::Step;
use crate::settings::{Header, Input};
use crate::value::{Number, Type};
use crate::{MAX_STATEMENT, SelectError};
use sqlparser::ast::{
    AccessExpr, BinaryOperator, Expr as Sql, FunctionArg, FunctionArgExpr, FunctionArguments,
    GroupByExpr, Ident, InTarget, LimitClause, SelectItem, SetExpr, Statement as SqlStatement,
    Subscript, TableFactor, UnaryOperator, Value as SqlValue,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

/// Deepest nesting of parentheses and of prefix operators, each.
const MAX_DEPTH: usize = 10;
/// Most operators of a statement: a chain of them is nested as deep as it is long.
const MAX_OPERATORS: usize = 400;
/// Deepest recursion of the parser, which needs several steps for a level.
const MAX_RECURSION: usize = 24;
/// Longest path.
const MAX_STEPS: usize = 50;
/// Most items of a list.
const MAX_ITEMS: usize = 1024;
/// Longest pattern of LIKE, in bytes.
const MAX_PATTERN: usize = 1024;

/// A statement that was checked.
#[derive(Debug, Clone)]
pub struct Statement {
    pub(crate) path: Vec<Step>,
    pub(crate) list: List,
    pub(crate) filter: Option<Expr>,
    pub(crate) limit: Option<u64>,
    /// Names of CSV columns that the statement uses, lower-case; their places are found when the header is read. The
    /// place in this list, from [`NAMED`] on, stands for the column until then.
    pub(crate) names: Vec<String>,
}

/// Column numbers from here on stand for [`Statement::names`].
pub(crate) const NAMED: usize = 1 << 32;

/// What is selected.
#[derive(Debug, Clone)]
pub(crate) enum List {
    Every,
    Columns(Vec<Column>),
    Aggregates(Vec<(Aggregate, String)>),
}

/// A selected column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) expr: Expr,
    /// In a header of the output, and as the key of JSON.
    pub(crate) name: String,
}

impl Statement {
    /// Reads a statement for an object of the given format.
    ///
    /// # Errors
    /// `InvalidSqlParameter` for what is no SQL and for SQL that OSS does not know.
    pub fn parse(sql: &str, input: &Input) -> Result<Self, SelectError> {
        if sql.len() > MAX_STATEMENT {
            return Err(SelectError::sql("The SQL statement is too long."));
        }
        // The official suites end statements with a quote that belongs to nothing, and the service takes them.
        let sql = sql.trim();
        let sql = match sql.strip_suffix('\'') {
            Some(rest) if sql.matches('\'').count() % 2 == 1 => rest,
            _ => sql,
        };
        let dialect = GenericDialect {};
        let tokens = Tokenizer::new(&dialect, sql)
            .tokenize()
            .map_err(|error| SelectError::sql(error.to_string()))?;
        let tokens: Vec<Token> = tokens
            .into_iter()
            .filter(|token| !matches!(token, Token::Whitespace(_)))
            .collect();
        check_nesting(&tokens)?;
        let (tokens, path) = source(without_double_aliases(tokens))?;
        let statements = Parser::new(&dialect)
            .with_recursion_limit(MAX_RECURSION)
            .with_tokens(tokens)
            .parse_statements()
            .map_err(|error| SelectError::sql(error.to_string()))?;
        let [SqlStatement::Query(query)] = statements.as_slice() else {
            return Err(SelectError::sql("One SELECT statement is expected."));
        };
        if query.with.is_some()
            || query.order_by.is_some()
            || query.fetch.is_some()
            || !query.locks.is_empty()
            || query.for_clause.is_some()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty()
        {
            return Err(unsupported("The clause"));
        }
        let SetExpr::Select(select) = query.body.as_ref() else {
            return Err(unsupported("The statement"));
        };
        let grouped = !matches!(&select.group_by, GroupByExpr::Expressions(by, with) if by.is_empty() && with.is_empty());
        if grouped
            || select.distinct.is_some()
            || select.top.is_some()
            || select.into.is_some()
            || select.having.is_some()
            || select.prewhere.is_some()
            || select.qualify.is_some()
            || select.exclude.is_some()
            || !select.connect_by.is_empty()
            || !select.lateral_views.is_empty()
            || !select.cluster_by.is_empty()
            || !select.distribute_by.is_empty()
            || !select.sort_by.is_empty()
            || !select.named_window.is_empty()
        {
            return Err(unsupported("The clause"));
        }
        let [from] = select.from.as_slice() else {
            return Err(SelectError::sql("FROM must name ossobject alone."));
        };
        let TableFactor::Table {
            name,
            alias,
            args: None,
            ..
        } = &from.relation
        else {
            return Err(SelectError::sql("FROM must name ossobject."));
        };
        if !from.joins.is_empty() || !name.to_string().eq_ignore_ascii_case("ossobject") {
            return Err(SelectError::sql("FROM must name ossobject alone."));
        }
        if matches!(input, Input::Csv(_)) && !path.is_empty() {
            return Err(SelectError::sql("A CSV object has no paths."));
        }
        let mut compiler = Compiler {
            input,
            alias: alias.as_ref().map(|alias| alias.name.value.clone()),
            names: Vec::new(),
        };
        let list = compiler.list(&select.projection)?;
        let filter = select
            .selection
            .as_ref()
            .map(|filter| compiler.expr(filter))
            .transpose()?;
        let limit = match &query.limit_clause {
            None => None,
            Some(LimitClause::LimitOffset {
                limit: Some(Sql::Value(limit)),
                offset: None,
                limit_by,
            }) if limit_by.is_empty() => match &limit.value {
                SqlValue::Number(digits, _) => Some(
                    digits
                        .parse()
                        .map_err(|_| SelectError::sql("LIMIT must be a whole number."))?,
                ),
                _ => return Err(SelectError::sql("LIMIT must be a whole number.")),
            },
            Some(_) => return Err(unsupported("This form of LIMIT")),
        };
        Ok(Self {
            path,
            list,
            filter,
            limit,
            names: compiler.names,
        })
    }
}

fn unsupported(what: &str) -> SelectError {
    SelectError::sql(format!("{what} is not supported by SelectObject."))
}

fn is_word(token: &Token, keyword: Keyword) -> bool {
    matches!(token, Token::Word(word) if word.keyword == keyword && word.quote_style.is_none())
}

/// Refuses what would take a deep stack to parse, to evaluate or to drop.
fn check_nesting(tokens: &[Token]) -> Result<(), SelectError> {
    let (mut depth, mut prefixes, mut operators) = (0usize, 0usize, 0usize);
    for token in tokens {
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
            _ => {}
        }
        let prefix = matches!(token, Token::Minus | Token::Plus) || is_word(token, Keyword::NOT);
        prefixes = if prefix { prefixes + 1 } else { 0 };
        let operator = match token {
            Token::Word(word) => matches!(
                word.keyword,
                Keyword::AND
                    | Keyword::OR
                    | Keyword::NOT
                    | Keyword::IS
                    | Keyword::LIKE
                    | Keyword::BETWEEN
            ),
            Token::Number(..) | Token::SingleQuotedString(_) | Token::DoubleQuotedString(_) => {
                false
            }
            Token::Comma | Token::Period => false,
            _ => true,
        };
        operators += usize::from(operator);
        if depth > MAX_DEPTH || prefixes > MAX_DEPTH || operators > MAX_OPERATORS {
            return Err(SelectError::sql(
                "The SQL statement is nested too deep or has too many operators.",
            ));
        }
    }
    Ok(())
}

/// `a AS b AS c` is `a AS c`: the service takes it, and the official suites send it.
fn without_double_aliases(tokens: Vec<Token>) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        if is_word(&token, Keyword::AS)
            && let [.., before, Token::Word(_)] = out.as_slice()
            && is_word(before, Keyword::AS)
        {
            out.truncate(out.len() - 2);
        }
        out.push(token);
    }
    out
}

/// Takes the path behind `FROM ossobject` out of the statement, as no SQL dialect writes `a.b[*]` there.
fn source(tokens: Vec<Token>) -> Result<(Vec<Token>, Vec<Step>), SelectError> {
    let bad = || SelectError::sql("The path behind ossobject is not valid.");
    let mut depth = 0usize;
    let mut from = None;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            token if depth == 0 && is_word(token, Keyword::FROM) => {
                from = Some(at);
                break;
            }
            _ => {}
        }
    }
    let Some(from) = from else {
        return Err(SelectError::sql("The statement has no FROM."));
    };
    let mut kept: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut rest = tokens.into_iter();
    kept.extend(rest.by_ref().take(from + 2));
    let mut rest = rest.peekable();
    let mut path = Vec::new();
    loop {
        match rest.peek() {
            Some(Token::Period) => {
                rest.next();
                match rest.next() {
                    Some(Token::Word(word)) => path.push(Step::Member(word.value)),
                    _ => return Err(bad()),
                }
            }
            Some(Token::LBracket) => {
                rest.next();
                path.push(match rest.next() {
                    Some(Token::Mul) => Step::Every,
                    Some(Token::Number(digits, _)) => {
                        Step::Element(digits.parse().map_err(|_| bad())?)
                    }
                    _ => return Err(bad()),
                });
                if rest.next() != Some(Token::RBracket) {
                    return Err(bad());
                }
            }
            _ => break,
        }
        if path.len() > MAX_STEPS {
            return Err(bad());
        }
    }
    kept.extend(rest);
    Ok((kept, path))
}

struct Compiler<'a> {
    input: &'a Input,
    alias: Option<String>,
    names: Vec<String>,
}

impl Compiler<'_> {
    fn list(&mut self, items: &[SelectItem]) -> Result<List, SelectError> {
        if items.len() > MAX_ITEMS {
            return Err(SelectError::sql("Too many columns are selected."));
        }
        if let [SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)] = items {
            return Ok(List::Every);
        }
        let mut columns = Vec::new();
        let mut aggregates = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let (expr, alias) = match item {
                SelectItem::UnnamedExpr(expr) => (expr, None),
                SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias.value.clone())),
                _ => return Err(SelectError::sql("* cannot be selected with other columns.")),
            };
            if let Sql::Function(_) = expr {
                let name = alias.unwrap_or_else(|| format!("_{}", at + 1));
                aggregates.push((self.aggregate(expr)?, name));
                continue;
            }
            let inner = match expr {
                Sql::Cast { expr, .. } => expr,
                other => other,
            };
            let Some(path) = names_of(inner) else {
                return Err(SelectError::sql(
                    "Only columns, their casts and aggregate functions can be selected.",
                ));
            };
            let name = alias
                .or_else(|| {
                    path.last().and_then(|step| match step {
                        Step::Member(name) => Some(name.clone()),
                        _ => None,
                    })
                })
                .unwrap_or_else(|| format!("_{}", at + 1));
            columns.push(Column {
                expr: self.expr(expr)?,
                name,
            });
        }
        match (columns.is_empty(), aggregates.is_empty()) {
            (false, true) => Ok(List::Columns(columns)),
            (true, false) => Ok(List::Aggregates(aggregates)),
            _ => Err(SelectError::sql(
                "Columns and aggregate functions cannot be selected together.",
            )),
        }
    }

    fn aggregate(&mut self, expr: &Sql) -> Result<Aggregate, SelectError> {
        let Sql::Function(function) = expr else {
            return Err(unsupported("The function"));
        };
        let FunctionArguments::List(arguments) = &function.args else {
            return Err(unsupported("The function"));
        };
        if function.filter.is_some()
            || function.over.is_some()
            || !function.within_group.is_empty()
            || arguments.duplicate_treatment.is_some()
            || !arguments.clauses.is_empty()
        {
            return Err(unsupported("This form of the function"));
        }
        let [FunctionArg::Unnamed(argument)] = arguments.args.as_slice() else {
            return Err(SelectError::sql("A function takes one argument."));
        };
        let name = function.name.to_string().to_ascii_lowercase();
        let argument = match argument {
            FunctionArgExpr::Wildcard if name == "count" => return Ok(Aggregate::CountAll),
            FunctionArgExpr::Expr(expr) => self.expr(expr)?,
            _ => return Err(unsupported("The argument")),
        };
        match name.as_str() {
            "count" => Ok(Aggregate::Count(argument)),
            "sum" => Ok(Aggregate::Sum(argument)),
            "avg" => Ok(Aggregate::Average(argument)),
            "min" => Ok(Aggregate::Least(argument)),
            "max" => Ok(Aggregate::Greatest(argument)),
            _ => Err(unsupported(&format!("The function {name}"))),
        }
    }

    fn boxed(&mut self, expr: &Sql) -> Result<Box<Expr>, SelectError> {
        self.expr(expr).map(Box::new)
    }

    fn expr(&mut self, expr: &Sql) -> Result<Expr, SelectError> {
        Ok(match expr {
            Sql::Nested(inner) => self.expr(inner)?,
            Sql::Value(value) => Expr::Literal(literal(&value.value)?),
            Sql::Identifier(_) | Sql::CompoundIdentifier(_) | Sql::CompoundFieldAccess { .. } => {
                let path = names_of(expr).ok_or_else(|| unsupported("The path"))?;
                self.place(path)?
            }
            Sql::UnaryOp { op, expr } => match op {
                UnaryOperator::Not => Expr::Not(self.boxed(expr)?),
                UnaryOperator::Minus => Expr::Negative(self.boxed(expr)?),
                UnaryOperator::Plus => self.expr(expr)?,
                _ => return Err(unsupported("The operator")),
            },
            Sql::BinaryOp { left, op, right } => {
                let (one, two) = (self.boxed(left)?, self.boxed(right)?);
                let compare = |comparison| Expr::Compare(one.clone(), comparison, two.clone());
                match op {
                    BinaryOperator::And => Expr::And(one, two),
                    BinaryOperator::Or => Expr::Or(one, two),
                    BinaryOperator::StringConcat => Expr::Concat(one, two),
                    BinaryOperator::Plus => Expr::Arithmetic(one, Operator::Add, two),
                    BinaryOperator::Minus => Expr::Arithmetic(one, Operator::Subtract, two),
                    BinaryOperator::Multiply => Expr::Arithmetic(one, Operator::Multiply, two),
                    BinaryOperator::Divide => Expr::Arithmetic(one, Operator::Divide, two),
                    BinaryOperator::Modulo => Expr::Arithmetic(one, Operator::Remainder, two),
                    BinaryOperator::Eq => compare(Comparison::Equal),
                    BinaryOperator::NotEq => compare(Comparison::Unequal),
                    BinaryOperator::Lt => compare(Comparison::Less),
                    BinaryOperator::LtEq => compare(Comparison::LessOrEqual),
                    BinaryOperator::Gt => compare(Comparison::Greater),
                    BinaryOperator::GtEq => compare(Comparison::GreaterOrEqual),
                    _ => return Err(unsupported("The operator")),
                }
            }
            Sql::Like {
                negated,
                any: false,
                expr,
                pattern,
                escape_char,
            } => {
                let escape = match escape_char.as_deref() {
                    None => None,
                    Some(Sql::Value(value)) => match literal(&value.value)? {
                        Literal::Text(text) if text.chars().count() == 1 => text.chars().next(),
                        _ => return Err(SelectError::sql("ESCAPE takes one character.")),
                    },
                    Some(_) => return Err(SelectError::sql("ESCAPE takes one character.")),
                };
                let pattern = self.boxed(pattern)?;
                match pattern.as_ref() {
                    Expr::Literal(Literal::Text(text)) if text.len() <= MAX_PATTERN => {}
                    _ => return Err(SelectError::sql("LIKE takes a text of at most 1024 bytes.")),
                }
                Expr::Like {
                    value: self.boxed(expr)?,
                    pattern,
                    escape,
                    negated: *negated,
                }
            }
            Sql::In {
                expr,
                target: InTarget::List(items),
                negated,
                ..
            } => {
                if items.len() > MAX_ITEMS {
                    return Err(SelectError::sql("The list of IN is too long."));
                }
                let list = items
                    .iter()
                    .map(|item| self.expr(item))
                    .collect::<Result<_, _>>()?;
                Expr::In(self.boxed(expr)?, list, *negated)
            }
            Sql::Between {
                expr,
                negated,
                low,
                high,
            } => Expr::Between(
                self.boxed(expr)?,
                self.boxed(low)?,
                self.boxed(high)?,
                *negated,
            ),
            Sql::IsNull(inner) => Expr::IsNull(self.boxed(inner)?, false),
            Sql::IsNotNull(inner) => Expr::IsNull(self.boxed(inner)?, true),
            Sql::IsTrue(inner) => Expr::IsTruth(self.boxed(inner)?, true, false),
            Sql::IsNotTrue(inner) => Expr::IsTruth(self.boxed(inner)?, true, true),
            Sql::IsFalse(inner) => Expr::IsTruth(self.boxed(inner)?, false, false),
            Sql::IsNotFalse(inner) => Expr::IsTruth(self.boxed(inner)?, false, true),
            Sql::Cast {
                expr, data_type, ..
            } => {
                let name = data_type.to_string().to_ascii_lowercase();
                let word: String = name
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric())
                    .collect();
                let to = match word.as_str() {
                    "int" | "integer" | "bigint" | "smallint" | "tinyint" | "int64" | "long" => {
                        Type::Int
                    }
                    "double" | "float" | "real" | "float64" | "float8" => Type::Double,
                    "decimal" | "numeric" | "dec" => Type::Decimal,
                    "string" | "varchar" | "char" | "text" | "character" => Type::Text,
                    "bool" | "boolean" => Type::Bool,
                    "timestamp" | "datetime" | "date" => Type::Time,
                    _ => return Err(unsupported(&format!("The type {name}"))),
                };
                Expr::Cast(self.boxed(expr)?, to)
            }
            Sql::Function(_) => {
                return Err(SelectError::sql(
                    "Functions can be used in the select list only, as aggregates.",
                ));
            }
            _ => return Err(unsupported("The expression")),
        })
    }

    /// A column or a path of the record.
    fn place(&mut self, mut path: Vec<Step>) -> Result<Expr, SelectError> {
        let own = |name: &str| match &self.alias {
            Some(alias) => name.eq_ignore_ascii_case(alias),
            None => name.eq_ignore_ascii_case("ossobject"),
        };
        let qualified = matches!(path.first(), Some(Step::Member(name)) if own(name));
        match self.input {
            Input::Json(_) => {
                // The alias alone is the whole record.
                if qualified && (path.len() > 1 || self.alias.is_some()) {
                    path.remove(0);
                }
                Ok(Expr::Path(path))
            }
            Input::Csv(csv) => {
                if qualified && path.len() > 1 {
                    path.remove(0);
                }
                let [Step::Member(name)] = path.as_slice() else {
                    return Err(SelectError::sql("A CSV record has columns and no paths."));
                };
                let number = name.strip_prefix('_').and_then(|n| n.parse::<usize>().ok());
                if let Some(number) = number.filter(|number| (1..1_000_000).contains(number)) {
                    return Ok(Expr::Column(number - 1));
                }
                if csv.header != Header::Use {
                    return Err(SelectError::sql(format!(
                        "There is no column {name}: without the header of the object columns are _1, _2 and so on."
                    )));
                }
                let name = name.to_lowercase();
                let at = match self.names.iter().position(|known| *known == name) {
                    Some(at) => at,
                    None => {
                        self.names.push(name);
                        self.names.len() - 1
                    }
                };
                Ok(Expr::Column(NAMED + at))
            }
        }
    }
}

/// The names of a column or path; `None` for other expressions.
fn names_of(expr: &Sql) -> Option<Vec<Step>> {
    let member = |ident: &Ident| Step::Member(ident.value.clone());
    match expr {
        Sql::Nested(inner) => names_of(inner),
        Sql::Identifier(ident) => Some(vec![member(ident)]),
        Sql::CompoundIdentifier(idents) => Some(idents.iter().map(member).collect()),
        Sql::CompoundFieldAccess { root, access_chain } => {
            let mut path = names_of(root)?;
            for access in access_chain {
                match access {
                    AccessExpr::Dot(inner) => path.extend(names_of(inner)?),
                    AccessExpr::Subscript(Subscript::Index {
                        index: Sql::Value(value),
                    }) => {
                        path.push(match &value.value {
                            SqlValue::Number(digits, _) => Step::Element(digits.parse().ok()?),
                            SqlValue::SingleQuotedString(name) => Step::Member(name.clone()),
                            _ => return None,
                        });
                    }
                    AccessExpr::Subscript(_) => return None,
                }
            }
            Some(path)
        }
        _ => None,
    }
}

fn literal(value: &SqlValue) -> Result<Literal, SelectError> {
    Ok(match value {
        SqlValue::Null => Literal::Null,
        SqlValue::Boolean(flag) => Literal::Bool(*flag),
        SqlValue::SingleQuotedString(text) => Literal::Text(text.clone()),
        SqlValue::Number(digits, _) => Literal::Number(
            Number::parse(digits).ok_or_else(|| SelectError::sql("A number is not valid."))?,
        ),
        _ => return Err(unsupported("The literal")),
    })
}
