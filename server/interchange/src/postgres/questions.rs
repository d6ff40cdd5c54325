//! The questions of a plan about rows, asked of the server in the transaction of the export. It decides nothing.
use super::catalog::Found;
use super::kinds::Kind;
use super::session::{Session, ident};
use crate::error::ExportError;
use crate::plan::{Dialect, Offenders, Predicate, Rows, SourceForeignKey};
use domain::export_log::FIRST_ROWS;

/// The tables that are asked about, in the order of the plan's.
pub(super) struct Questions<'a> {
    pub(super) session: &'a mut Session,
    pub(super) tables: &'a [Found],
}

impl Questions<'_> {
    fn column(&self, table: usize, column: usize) -> String {
        let found = self
            .tables
            .get(table)
            .and_then(|table| table.source.columns.get(column));
        found.map(|column| ident(&column.name)).unwrap_or_default()
    }

    /// What tells a row from others, as one text.
    fn row_key(&self, table: &Found, alias: &str) -> String {
        let key = table.source.keys.iter().find(|key| key.primary);
        match key {
            Some(key) => {
                let parts: Vec<_> = key
                    .columns
                    .iter()
                    .map(|name| format!("{alias}.{}", ident(name)))
                    .collect();
                format!("concat_ws(', ', {})", parts.join(", "))
            }
            None => format!("{alias}.ctid::text"),
        }
    }

    fn offenders(&mut self, table: usize, alias: &str, from: &str) -> Result<Offenders, ExportError> {
        let Some(found) = self.tables.get(table) else {
            return Ok(Offenders::default());
        };
        let key = self.row_key(found, alias);
        let count = self.session.text(&format!("SELECT count(*)::text {from}"), &[])?;
        let count = count.and_then(|text| text.parse().ok()).unwrap_or_default();
        let mut first_rows = Vec::new();
        if count > 0 {
            let rows = self
                .session
                .rows(&format!("SELECT {key} {from} LIMIT {FIRST_ROWS}"), &[])?;
            first_rows.extend(rows.into_iter().filter_map(|row| row.into_iter().next().flatten()));
        }
        Ok(Offenders { count, first_rows })
    }

    fn rendered(&self, table: usize, condition: &Predicate) -> String {
        let columns = self
            .tables
            .get(table)
            .map(|table| table.source.columns.as_slice())
            .unwrap_or_default();
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        condition.render(Dialect::Postgres, &names)
    }
}

impl Rows for Questions<'_> {
    type Error = ExportError;

    fn has_duplicates(
        &mut self,
        table: usize,
        columns: &[usize],
        filter: Option<&Predicate>,
    ) -> Result<bool, ExportError> {
        let Some(found) = self.tables.get(table) else {
            return Ok(false);
        };
        let mut keys = Vec::new();
        let mut conditions = Vec::new();
        for column in columns {
            let name = self.column(table, *column);
            conditions.push(format!("{name} IS NOT NULL"));
            keys.push(match found.meanings.get(*column).map(|meaning| &meaning.kind) {
                Some(Kind::Text(_)) => format!("rtrim({name}::text COLLATE \"C\", ' ')"),
                Some(Kind::Citext) => format!("lower(rtrim({name}::text COLLATE \"C\", ' '))"),
                Some(Kind::Bytes) => format!("rtrim({name}::bytea, '\\x00'::bytea)"),
                _ => name,
            });
        }
        conditions.extend(filter.map(|filter| format!("({})", self.rendered(table, filter))));
        let sql = format!(
            "SELECT 'found' FROM {} WHERE {} GROUP BY {} HAVING count(*) > 1 LIMIT 1",
            found.name(),
            conditions.join(" AND "),
            keys.join(", ")
        );
        // A server that cannot say, because it has no such function, may have duplicates.
        match self.session.attempt(|session| session.text(&sql, &[]))? {
            Ok(found) => Ok(found.is_some()),
            Err(_) => Ok(true),
        }
    }

    /// The server answers for those that it keeps itself.
    fn dangling(&mut self, table: usize, key: &SourceForeignKey) -> Result<Offenders, ExportError> {
        let (Some(found), Some(parent)) = (
            self.tables.get(table),
            key.table.and_then(|table| self.tables.get(table)),
        ) else {
            return Ok(Offenders::default());
        };
        let kept = found.source.foreign_keys.iter().find(|kept| kept.name == key.name);
        if kept.is_some_and(|kept| kept.valid) && !found.has_children {
            return Ok(Offenders::default());
        }
        let other = key.table.unwrap_or_default();
        let pairs = key.columns.iter().zip(&key.foreign_columns);
        let (mut joins, mut given) = (Vec::new(), Vec::new());
        for (own, foreign) in pairs {
            let own = self.column(table, *own);
            joins.push(format!("parent.{} = child.{own}", self.column(other, *foreign)));
            given.push(format!("child.{own} IS NOT NULL"));
        }
        let from = format!(
            "FROM {} AS child WHERE {} AND NOT EXISTS (SELECT FROM {} AS parent WHERE {})",
            found.name(),
            given.join(" AND "),
            parent.name(),
            joins.join(" AND ")
        );
        self.offenders(table, "child", &from)
    }

    /// As [`Self::dangling`].
    fn breaking(&mut self, table: usize, check: &Predicate) -> Result<Offenders, ExportError> {
        let Some(found) = self.tables.get(table) else {
            return Ok(Offenders::default());
        };
        if found.source.checks.iter().all(|check| check.valid) && !found.has_children {
            return Ok(Offenders::default());
        }
        let from = format!(
            "FROM {} AS own WHERE NOT ({})",
            found.name(),
            self.rendered(table, check)
        );
        self.offenders(table, "own", &from)
    }
}
