//! Decides whether an expression found in a file may become part of a database. The server's own parser answers: the expression
//! is made a constraint that holds for no row yet, the tree that the server made of it is looked at, and only functions that
//! every server has and that depend on nothing but their arguments are let pass. Nothing is evaluated before.
use super::session::{Session, ident, literal};

/// What an expression is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A condition, or the value of a generated column: the same result for the same row, always.
    Condition,
    /// A default: it may ask for the time, a random number or the next number of a sequence.
    Default,
}

/// Nodes that compute from constants and columns.
const NODES: [&str; 27] = [
    "ARRAY",
    "ARRAYCOERCEEXPR",
    "ARRAYEXPR",
    "BOOLEANTEST",
    "BOOLEXPR",
    "CASE",
    "CASEEXPR",
    "CASETESTEXPR",
    "CASEWHEN",
    "COALESCE",
    "COALESCEEXPR",
    "COERCETODOMAINVALUE",
    "CONST",
    "DISTINCTEXPR",
    "FUNCEXPR",
    "MINMAX",
    "MINMAXEXPR",
    "NULLIFEXPR",
    "NULLTEST",
    "OPEXPR",
    "RELABELTYPE",
    "ROW",
    "ROWCOMPARE",
    "ROWEXPR",
    "SCALARARRAYOPEXPR",
    "VAR",
    "WHEN",
];

/// Objects below this number were there when the server was made.
const FIRST_OF_USERS: u32 = 16_384;

/// Functions that a default may call besides.
const OF_DEFAULTS: &str = "'now', 'transaction_timestamp', 'statement_timestamp', 'clock_timestamp', 'timeofday', \
     'gen_random_uuid', 'random', 'timestamp', 'timestamptz', 'date', 'time', 'timetz'";

/// Whether the text stays inside the parentheses that are put around it, whatever its words mean: balanced, without comments,
/// without an end of a statement, without quotes of the kinds that escape.
pub(super) fn is_contained(text: &str) -> bool {
    let mut open = Vec::new();
    let mut letters = text.chars().peekable();
    let mut before = ' ';
    while let Some(letter) = letters.next() {
        match letter {
            '(' => open.push(')'),
            '[' => open.push(']'),
            ')' | ']' if open.pop() == Some(letter) => {}
            ')' | ']' => return false,
            '\'' | '"' => {
                // E'…', U&'…', B'…': a letter right before a quote changes what is inside. So does a quote that goes on.
                if before.is_alphanumeric() || matches!(before, '_' | '&' | '\'' | '"' | '$') || before as u32 > 127 {
                    return false;
                }
                loop {
                    match letters.next() {
                        None | Some('\0') => return false,
                        Some(inside) if inside == letter => {
                            if letters.peek() != Some(&letter) {
                                break;
                            }
                            letters.next();
                        }
                        Some(_) => {}
                    }
                }
            }
            ';' | '\\' | '$' | '\0' => return false,
            '-' if before == '-' => return false,
            '*' if before == '/' => return false,
            _ => {}
        }
        before = letter;
    }
    open.is_empty() && !text.trim().is_empty()
}

/// Whether the tree of a stored expression is harmless.
pub(super) fn is_harmless(session: &mut Session, tree: &str, purpose: Purpose) -> Result<bool, sqlx::Error> {
    let mut functions: Vec<u32> = Vec::new();
    let mut operators: Vec<u32> = Vec::new();
    for piece in tree.split('{').skip(1) {
        let end = piece
            .find(|letter: char| !letter.is_ascii_uppercase())
            .unwrap_or(piece.len());
        let node = &piece[..end];
        let value = node == "SQLVALUEFUNCTION" && purpose == Purpose::Default;
        if !(NODES.contains(&node) || value) {
            return Ok(false);
        }
    }
    let mut words = tree.split([' ', '\n', '}', ')']).filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        let found = match word {
            ":funcid" | ":opfuncid" | ":hashfuncid" | ":negfuncid" => &mut functions,
            ":opno" => &mut operators,
            // Comparisons of whole rows name their operators in a list.
            ":opnos" => return Ok(false),
            _ => continue,
        };
        match words.next().and_then(|word| word.parse().ok()) {
            Some(0) => {}
            Some(number) => found.push(number),
            None => return Ok(false),
        }
    }
    let list = |numbers: &[u32]| {
        let texts: Vec<_> = numbers.iter().map(u32::to_string).collect();
        format!("{{{}}}", texts.join(","))
    };
    if functions
        .iter()
        .chain(&operators)
        .any(|number| *number >= FIRST_OF_USERS)
    {
        return Ok(false);
    }
    let besides = match purpose {
        Purpose::Condition => "",
        Purpose::Default => OF_DEFAULTS,
    };
    let besides = if besides.is_empty() { "''" } else { besides };
    let sql = format!(
        "SELECT 'found' FROM (
             SELECT unnest($1::oid[]) AS number
             UNION ALL
             SELECT coalesce(oprcode::oid, 0) FROM unnest($2::oid[]) AS wanted LEFT JOIN pg_operator ON pg_operator.oid = wanted
         ) AS used LEFT JOIN pg_proc ON pg_proc.oid = used.number
         WHERE pg_proc.oid IS NULL OR pronamespace <> 'pg_catalog'::regnamespace OR prokind <> 'f' OR prosecdef OR proretset
            OR prolang NOT IN (SELECT oid FROM pg_language WHERE lanname IN ('internal', 'sql'))
            OR NOT (provolatile = 'i' OR proname IN ({besides}))
         LIMIT 1"
    );
    let found = session.text(&sql, &[&list(&functions), &list(&operators)])?;
    Ok(found.is_none())
}

/// Adds a condition to a table or domain without holding rows to it. `false` when the server does not accept it, or it is not
/// harmless; then it is not there.
pub(super) fn add_condition(
    session: &mut Session,
    owner: Owner<'_>,
    name: &str,
    expression: &str,
    purpose: Purpose,
) -> Result<bool, sqlx::Error> {
    if !is_contained(expression) {
        return Ok(false);
    }
    let (what, of) = match owner {
        Owner::Table(table) => (
            format!("TABLE {table}"),
            format!("conrelid = {}::regclass", literal(table)),
        ),
        Owner::Domain(domain) => (
            format!("DOMAIN {domain}"),
            format!("contypid = {}::regtype", literal(domain)),
        ),
    };
    let added = session.attempt(|session| {
        session.execute_one(&format!(
            "ALTER {what} ADD CONSTRAINT {} CHECK ({expression}) NOT VALID",
            ident(name)
        ))?;
        let tree = session.text(
            &format!("SELECT conbin::text FROM pg_constraint WHERE {of} AND conname = $1"),
            &[name],
        )?;
        let Some(tree) = tree else { return Ok(false) };
        let harmless = is_harmless(session, &tree, purpose)?;
        if !harmless {
            session.execute(&format!("ALTER {what} DROP CONSTRAINT {}", ident(name)))?;
        }
        Ok(harmless)
    })?;
    Ok(added.unwrap_or(false))
}

/// What a condition belongs to, as SQL takes it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Owner<'a> {
    Table(&'a str),
    Domain(&'a str),
}

const ASKED: &str = "is it harmless";

/// Whether a value computed from the columns of a table may be part of it. What makes it a value of a column's type is not in
/// the answer: see [`is_stored_harmless`].
pub(super) fn may_compute(
    session: &mut Session,
    table: &str,
    expression: &str,
    purpose: Purpose,
) -> Result<bool, sqlx::Error> {
    if !is_contained(expression) {
        return Ok(false);
    }
    asked(session, table, &format!("({expression}) IS NOT NULL"), purpose)
}

/// Whether an index of a table may have the condition.
pub(super) fn may_filter(session: &mut Session, table: &str, condition: &str) -> Result<bool, sqlx::Error> {
    asked(session, table, condition, Purpose::Condition)
}

fn asked(session: &mut Session, table: &str, condition: &str, purpose: Purpose) -> Result<bool, sqlx::Error> {
    let added = add_condition(session, Owner::Table(table), ASKED, condition, purpose)?;
    if added {
        session.execute(&format!("ALTER TABLE {table} DROP CONSTRAINT {}", ident(ASKED)))?;
    }
    Ok(added)
}

/// Whether the default of a column, or what computes it, is harmless as it is stored: together with the cast to its type, which
/// may be somebody's.
pub(super) fn is_stored_harmless(
    session: &mut Session,
    table: &str,
    column: &str,
    purpose: Purpose,
) -> Result<bool, sqlx::Error> {
    let tree = session.text(
        &format!(
            "SELECT adbin::text FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
             WHERE adrelid = {}::regclass AND attname = $1",
            literal(table)
        ),
        &[column],
    )?;
    match tree {
        Some(tree) => is_harmless(session, &tree, purpose),
        // A default of NULL is none.
        None => Ok(true),
    }
}

/// Gives a column of an empty table a default. `false` when the server does not accept it, or it is not harmless; then it has none.
pub(super) fn set_default(
    session: &mut Session,
    table: &str,
    column: &str,
    default: &str,
) -> Result<bool, sqlx::Error> {
    if !may_compute(session, table, default, Purpose::Default)? {
        return Ok(false);
    }
    let alter = format!("ALTER TABLE {table} ALTER {}", ident(column));
    let set = session.attempt(|session| {
        session.execute_one(&format!("{alter} SET DEFAULT ({default})"))?;
        let harmless = is_stored_harmless(session, table, column, Purpose::Default)?;
        if !harmless {
            session.execute(&format!("{alter} DROP DEFAULT"))?;
        }
        Ok(harmless)
    })?;
    Ok(set.unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_cannot_leave_its_parentheses() {
        for text in [
            "(a > (0)::numeric)",
            "((status)::text = ANY ((ARRAY['new'::character varying, 'it''s; --'::character varying])::text[]))",
            "\"odd ) name\" <> ')'",
            "a - -1 > 0",
        ] {
            assert!(is_contained(text), "{text}");
        }
        for text in [
            "",
            " ",
            "true) , ADD COLUMN x text DEFAULT pg_read_file('/etc/passwd'), ADD CHECK (true",
            "true); DROP TABLE x; SELECT (1",
            "a = E'\\'' OR (b = '",
            "a = U&'\\0027",
            "a -- b",
            "a /* b */",
            "a = $$x$$",
            "a = 'x' \0",
            "a = 'x",
            "(a]",
            "a = 'x'\"y\"",
        ] {
            assert!(!is_contained(text), "{text}");
        }
    }
}
