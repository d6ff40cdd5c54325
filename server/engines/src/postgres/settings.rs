//! What belongs to a database as a whole and is not in its dump: owner, encoding, locale, tablespace, connection limit, rights on
//! the database itself, its comment, and the settings given to it. They are taken over from the live database.
//!
//! Not taken over: security labels, and whether it is a template.

use control::ports::database_engine::EngineError;
use domain::failure::Cause;
use serde_json::Value;

use super::error::failed;
use super::session::{Session, ident, literal};

/// Settings whose value is a list of names, each to be quoted by itself (`GUC_LIST_QUOTE` in the server's sources).
const LISTS: [&str; 6] = [
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

/// A database as the catalogue describes it.
pub(crate) struct Properties {
    row: Value,
    owner: String,
    encoding: String,
    tablespace: String,
    comment: Option<String>,
}

impl Properties {
    /// Reads those of the live database.
    ///
    /// # Errors
    /// `DatabaseMissing`.
    pub(crate) fn of(session: &mut Session, database: &str) -> Result<Self, EngineError> {
        let rows = session
            .rows(
                "SELECT to_jsonb(d)::text, pg_get_userbyid(d.datdba)::text, pg_encoding_to_char(d.encoding)::text, t.spcname::text,
                        shobj_description(d.oid, 'pg_database')
                 FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = $1",
                &[database],
            )
            .map_err(|error| failed("cannot read the database's properties", &error))?;
        let Some([Some(row), Some(owner), Some(encoding), Some(tablespace), comment]) = rows.first().map(Vec::as_slice)
        else {
            return Err(EngineError::new(
                Cause::DatabaseMissing,
                format_args!("no database {database:?} on the server"),
            ));
        };
        let row = serde_json::from_str(row).map_err(|error| EngineError::new(Cause::Unexpected, error))?;
        Ok(Self {
            row,
            owner: owner.clone(),
            encoding: encoding.clone(),
            tablespace: tablespace.clone(),
            comment: comment.clone(),
        })
    }

    fn text(&self, column: &str) -> Option<&str> {
        self.row.get(column).and_then(Value::as_str)
    }

    /// The statement that makes an empty database like it.
    pub(crate) fn create(&self, name: &str) -> String {
        let mut sql = format!(
            "CREATE DATABASE {} WITH TEMPLATE template0 OWNER {} ENCODING {}",
            ident(name),
            ident(&self.owner),
            literal(&self.encoding),
        );
        // Naming the default one needs a right on it that an ordinary owner lacks.
        if self.tablespace != "pg_default" {
            sql.push_str(&format!(" TABLESPACE {}", ident(&self.tablespace)));
        }
        let mut option = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                sql.push_str(&format!(" {name} {}", literal(value)));
            }
        };
        option("LC_COLLATE", self.text("datcollate"));
        option("LC_CTYPE", self.text("datctype"));
        // The column was renamed in 17; the provider came with 15.
        let locale = self.text("datlocale").or_else(|| self.text("daticulocale"));
        match self.text("datlocprovider") {
            Some("i") => {
                option("ICU_LOCALE", locale);
                option("ICU_RULES", self.text("daticurules"));
                sql.push_str(" LOCALE_PROVIDER icu");
            }
            Some("b") => {
                option("BUILTIN_LOCALE", locale);
                sql.push_str(" LOCALE_PROVIDER builtin");
            }
            _ => {}
        }
        sql
    }

    /// The statements that give `name` the rights, comment, limit and settings of the live database.
    pub(crate) fn take_over(&self, session: &mut Session, live: &str, name: &str) -> Result<Vec<String>, EngineError> {
        let failed = |error: sqlx::Error| failed("cannot read the database's rights and settings", &error);
        let name = ident(name);
        let mut statements = Vec::new();
        if let Some(limit) = self
            .row
            .get("datconnlimit")
            .and_then(Value::as_i64)
            .filter(|limit| *limit >= 0)
        {
            statements.push(format!("ALTER DATABASE {name} CONNECTION LIMIT {limit}"));
        }
        if let Some(comment) = &self.comment {
            statements.push(format!("COMMENT ON DATABASE {name} IS {}", literal(comment)));
        }
        if self.row.get("datacl").is_some_and(|rights| !rights.is_null()) {
            statements.push(format!(
                "REVOKE ALL ON DATABASE {name} FROM PUBLIC, {}",
                ident(&self.owner)
            ));
            let rights = session.rows(
                "SELECT a.privilege_type::text, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
                        CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
                 FROM pg_database d CROSS JOIN aclexplode(d.datacl) a WHERE d.datname = $1 ORDER BY 1, 2",
                &[live],
            );
            for row in rights.map_err(failed)? {
                if let [Some(privilege), Some(grantee), Some(option)] = row.as_slice() {
                    statements.push(format!("GRANT {privilege} ON DATABASE {name} TO {grantee}{option}"));
                }
            }
        }
        let settings = session.rows(
            "SELECT quote_ident(r.rolname), split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)
             FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
             LEFT JOIN pg_roles r ON r.oid = s.setrole CROSS JOIN unnest(s.setconfig) c
             WHERE d.datname = $1 ORDER BY 1 NULLS FIRST, 2",
            &[live],
        );
        for row in settings.map_err(failed)? {
            let [role, Some(setting), Some(value)] = row.as_slice() else {
                continue;
            };
            let whom = match role {
                Some(role) => format!("ROLE {role} IN DATABASE {name}"),
                None => format!("DATABASE {name}"),
            };
            statements.push(format!(
                "ALTER {whom} SET {} TO {}",
                ident(setting),
                setting_value(setting, value)
            ));
        }
        Ok(statements)
    }
}

fn setting_value(setting: &str, value: &str) -> String {
    if !LISTS.contains(&setting) {
        return literal(value);
    }
    let elements: Vec<String> = elements(value).iter().map(|element| literal(element)).collect();
    if elements.is_empty() {
        literal("")
    } else {
        elements.join(", ")
    }
}

/// `"$user", public` → `$user`, `public`. A comma or a doubled quote may stand between quotes.
fn elements(value: &str) -> Vec<String> {
    let (mut found, mut element, mut quoted, mut any) = (Vec::new(), String::new(), false, false);
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                element.push('"');
            }
            '"' => {
                quoted = !quoted;
                any = true;
            }
            ',' if !quoted => {
                found.push(std::mem::take(&mut element));
                any = false;
            }
            ' ' if !quoted => {}
            character => {
                element.push(character);
                any = true;
            }
        }
    }
    if any {
        found.push(element);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_names_is_quoted_name_by_name() {
        assert_eq!(
            setting_value("search_path", r#""$user", public, "a,""b""#),
            r#"'$user', 'public', 'a,"b'"#
        );
        assert_eq!(setting_value("search_path", r#""""#), "''");
        assert_eq!(setting_value("search_path", ""), "''");
        assert_eq!(setting_value("work_mem", "it's, \"x\""), "'it''s, \"x\"'");
    }
}
