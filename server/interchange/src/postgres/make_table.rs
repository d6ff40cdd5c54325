//! Makes one table: columns, what computes them, defaults, counters. An expression of a file is asked about first, in a table
//! without rows.
use super::expression::{Purpose, is_stored_harmless, may_compute, set_default};
use super::fill::OneTable;
use super::import::Account;
use super::rules::regclass;
use super::session::{Session, ident, qualified};
use super::source::{ColumnSource, Counter};
use super::target_types::{Target, dropped};
use crate::error::ImportError;
use domain::export_log::{DropReason, ObjectKind, Weakened, Weakening};

impl OneTable<'_> {
    /// Makes the table; gives which columns the database computes.
    pub(super) fn make(&self, session: &mut Session, account: &mut Account) -> Result<Vec<bool>, ImportError> {
        let name = self.name();
        let none = vec![false; self.made.columns.len()];
        session.execute(&self.table_sql(&none))?;
        let mut generated = none;
        for (column, generated) in self.made.columns.iter().zip(&mut generated) {
            if let Some(expression) = &column.generated {
                *generated = may_compute(session, &name, expression, Purpose::Condition)?;
            }
        }
        if generated.contains(&true) {
            session.execute(&format!("DROP TABLE {name}"))?;
            let sql = self.table_sql(&generated);
            let mut harmless = session.attempt(|session| session.execute_one(&sql))?.is_ok();
            if harmless {
                for (column, _) in self
                    .made
                    .columns
                    .iter()
                    .zip(&generated)
                    .filter(|(_, generated)| **generated)
                {
                    harmless &= is_stored_harmless(session, &name, &column.name, Purpose::Condition)?;
                }
                if !harmless {
                    session.execute(&format!("DROP TABLE {name}"))?;
                }
            }
            if !harmless {
                generated.iter_mut().for_each(|generated| *generated = false);
                session.execute(&self.table_sql(&generated))?;
            }
        }
        let source = format!("{}.{}", self.made.schema, self.made.name);
        for (column, generated) in self.made.columns.iter().zip(&generated) {
            if let (Some(expression), false) = (&column.generated, generated) {
                let lost = dropped(ObjectKind::GeneratedColumn, &source, &column.name, expression);
                account.weakened.push(lost);
            }
            if let Some(collation) = &column.own_collation {
                account.weakened.push(Weakened {
                    what: Weakening::Dropped(DropReason::NoCounterpart),
                    ..dropped(ObjectKind::Collation, &source, &column.name, collation)
                });
            }
            if let Some(default) = &column.default
                && !set_default(session, &name, &column.name, default)?
            {
                let lost = dropped(ObjectKind::Default, &source, &column.name, default);
                account.weakened.push(lost);
            }
            if let Some(Counter::Sequence {
                schema,
                name: sequence,
                owned,
            }) = &column.counter
            {
                let sequence = qualified(schema, sequence);
                let column = ident(&column.name);
                let (regclass, owner) = (regclass(&sequence), format!("{name}.{column}"));
                session.execute(&format!(
                    "ALTER TABLE {name} ALTER {column} SET DEFAULT nextval({regclass})"
                ))?;
                if *owned {
                    session.execute(&format!("ALTER SEQUENCE {sequence} OWNED BY {owner}"))?;
                }
            }
        }
        Ok(generated)
    }

    fn table_sql(&self, generated: &[bool]) -> String {
        let columns = self.made.columns.iter().zip(&self.targets).zip(generated);
        let parts: Vec<_> = columns
            .map(|((column, target), generated)| column_sql(column, target, *generated))
            .collect();
        format!("CREATE TABLE {} ({})", self.name(), parts.join(", "))
    }
}

fn column_sql(column: &ColumnSource, target: &Target, generated: bool) -> String {
    let mut sql = format!("{} {}", ident(&column.name), target.sql);
    if let Some(collation) = &column.collation {
        sql.push_str(&format!(" COLLATE pg_catalog.{}", ident(collation)));
    }
    match (&column.counter, &column.generated) {
        (Some(Counter::Identity { always, sequence }), _) => {
            let when = if *always { "ALWAYS" } else { "BY DEFAULT" };
            let name = if sequence.name.is_empty() {
                String::new()
            } else {
                format!("SEQUENCE NAME {} ", qualified(&sequence.schema, &sequence.name))
            };
            let options = sequence.options_sql();
            sql.push_str(&format!(" GENERATED {when} AS IDENTITY ({name}{options})"));
        }
        // It was seen to be harmless, and to stay inside its parentheses.
        (None, Some(expression)) if generated => {
            sql.push_str(&format!(" GENERATED ALWAYS AS ({expression}) STORED"));
        }
        _ => {}
    }
    sql
}
