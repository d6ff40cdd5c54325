//! The verdict on a database: does every invariant that each entry keeps still hold? That is how a copy is judged.
//!
//! The checks are SQL that both engines understand, each answering the number of violations. They look across tables on
//! purpose: a copy torn in time has parts of an entry, or totals of another moment. They do not compare the documents'
//! bytes; a backup's own digests do.

use jiff::civil::Date;

use crate::accounting::CAPITAL_CENTS;
use crate::batch::State;
use crate::profile::Kind;

/// What a database that balances holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// Accounting or payroll.
    pub kind: Kind,
    /// The company's name.
    pub company: String,
    /// The last day whose routine is entered; the background writer enters documents of later days too.
    pub entered_through: Date,
    /// Invoices or payslips.
    pub documents: i64,
    /// Their PDFs' size together, in bytes.
    pub document_bytes: i64,
    /// Customers or employees.
    pub parties: i64,
    /// The number of the last journal entry (accounting) or payslip (payroll). It grows by at least one with each entry,
    /// so it names the moment a copy was taken.
    pub last_entry: i64,
}

/// Why a database does not pass.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// An invariant does not hold.
    #[error("{what}: {count}")]
    Violated {
        /// Which one, as a plural ("entries that do not balance").
        what: String,
        /// How often, or by how much.
        count: i64,
    },
    /// The database does not even answer: not a database, damaged, or a table is missing.
    #[error("unreadable: {0}")]
    Unreadable(String),
}

/// The words the two engines do not share.
pub(crate) struct Dialect {
    /// True for the content of a whole PDF.
    whole_pdf: &'static str,
    /// What only this engine has: (what, SQL).
    own_accounting: &'static [(&'static str, &'static str)],
    own: &'static [(&'static str, &'static str)],
}

pub(crate) const SQLITE: Dialect = Dialect {
    whole_pdf: "(CAST(substr(content, 1, 5) AS TEXT) = '%PDF-' AND CAST(substr(content, -5) AS TEXT) = '%%EOF')",
    own_accounting: &[],
    own: &[
        (
            "structural errors",
            "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
        ),
        ("dangling references", "SELECT COUNT(*) FROM pragma_foreign_key_check"),
    ],
};

pub(crate) const POSTGRES: Dialect = Dialect {
    whole_pdf: "(encode(substr(content, 1, 5), 'escape') = '%PDF-' \
                AND encode(substr(content, length(content) - 4), 'escape') = '%%EOF')",
    own_accounting: &[
        (
            "letterheads that are not whole",
            "SELECT COUNT(*) FROM letterhead WHERE length(lo_get(content)) <> bytes",
        ),
        ("missing letterheads", "SELECT 1 - COUNT(*) FROM letterhead"),
    ],
    own: &[],
};

const ACCOUNTING: [(&str, &str); 7] = [
    (
        "entries that do not balance",
        "SELECT COUNT(*) FROM (SELECT entry FROM entry_line GROUP BY entry \
         HAVING SUM(debit_cents) <> SUM(credit_cents)) AS broken",
    ),
    (
        "entries with fewer than two lines",
        "SELECT COUNT(*) FROM entry WHERE (SELECT COUNT(*) FROM entry_line WHERE entry = number) < 2",
    ),
    (
        "gaps in the entry numbers",
        "SELECT COALESCE(MAX(number), 0) - COUNT(*) FROM entry",
    ),
    (
        "gaps in the invoice numbers",
        "SELECT COALESCE(MAX(number), 0) - COUNT(*) FROM invoice",
    ),
    (
        "invoices that are not the sum of their lines",
        "SELECT COUNT(*) FROM invoice WHERE net_cents <> \
         COALESCE((SELECT SUM(quantity * unit_cents) FROM invoice_line WHERE invoice = number), 0)",
    ),
    (
        "invoices whose entry carries another total",
        "SELECT COUNT(*) FROM invoice WHERE total_cents <> COALESCE((SELECT SUM(debit_cents) FROM entry_line \
         WHERE entry_line.entry = invoice.entry AND account = '411000'), 0)",
    ),
    (
        "bank movements that miss their entry",
        "SELECT COUNT(*) FROM bank_movement WHERE amount_cents <> COALESCE((SELECT SUM(debit_cents - credit_cents) \
         FROM entry_line WHERE entry_line.entry = bank_movement.entry AND account = '512000'), 0)",
    ),
];

const PAYROLL: [(&str, &str); 3] = [
    (
        "payslips that do not add up",
        "SELECT COUNT(*) FROM payslip WHERE gross_cents - deductions_cents <> net_cents",
    ),
    (
        "gaps in the payslip numbers",
        "SELECT COALESCE(MAX(number), 0) - COUNT(*) FROM payslip",
    ),
    (
        "payslips that are not the sum of their lines",
        "SELECT COUNT(*) FROM payslip LEFT JOIN (SELECT payslip, SUM(earned_cents) AS earned, \
         SUM(deducted_cents) AS deducted FROM payslip_line GROUP BY payslip) AS lines ON lines.payslip = number \
         WHERE gross_cents <> COALESCE(earned, 0) OR deductions_cents <> COALESCE(deducted, 0)",
    ),
];

/// (control total, table, what it must equal)
const ACCOUNTING_TOTALS: [(&str, &str, &str); 12] = [
    ("entry", "entry", "COUNT(*)"),
    ("entry_line", "entry_line", "COUNT(*)"),
    ("debit_cents", "entry_line", "SUM(debit_cents)"),
    ("invoice", "invoice", "COUNT(*)"),
    ("invoice_net_cents", "invoice", "SUM(net_cents)"),
    ("invoice_vat_cents", "invoice", "SUM(total_cents - net_cents)"),
    ("purchase", "purchase", "COUNT(*)"),
    ("bank_movement", "bank_movement", "COUNT(*)"),
    ("bank_cents", "bank_movement", "SUM(amount_cents)"),
    ("customer", "customer", "COUNT(*)"),
    ("supplier", "supplier", "COUNT(*)"),
    ("attachment_bytes", "attachment", "SUM(length(content))"),
];

const PAYROLL_TOTALS: [(&str, &str, &str); 8] = [
    ("payslip", "payslip", "COUNT(*)"),
    ("gross_cents", "payslip", "SUM(gross_cents)"),
    ("deductions_cents", "payslip", "SUM(deductions_cents)"),
    ("net_cents", "payslip", "SUM(net_cents)"),
    ("employee", "employee", "COUNT(*)"),
    ("employee", "contract", "COUNT(*)"),
    ("absence", "absence", "COUNT(*)"),
    ("attachment_bytes", "attachment", "SUM(length(content))"),
];

/// One invariant; `sql` answers one integer, zero when it holds.
pub(crate) struct Check {
    what: String,
    pub(crate) sql: String,
}

impl Check {
    fn new(what: impl Into<String>, sql: &str) -> Self {
        Self {
            what: what.into(),
            sql: format!("SELECT CAST(({sql}) AS BIGINT)"),
        }
    }

    /// # Errors
    /// [`Broken::Violated`] unless the answer is zero.
    pub(crate) fn judge(&self, count: i64) -> Result<(), Broken> {
        if count == 0 {
            Ok(())
        } else {
            Err(Broken::Violated {
                what: self.what.clone(),
                count,
            })
        }
    }
}

/// All checks of a kind, cheap ones that explain most first. To be answered from one snapshot.
pub(crate) fn checks(kind: Kind, dialect: &Dialect) -> Vec<Check> {
    let (invariants, totals, own): (&[_], &[_], &[_]) = match kind {
        Kind::Accounting => (&ACCOUNTING, &ACCOUNTING_TOTALS, dialect.own_accounting),
        Kind::Payroll => (&PAYROLL, &PAYROLL_TOTALS, &[]),
    };
    let mut checks: Vec<Check> = invariants
        .iter()
        .chain(own)
        .chain(dialect.own)
        .map(|(what, sql)| Check::new(*what, sql))
        .collect();
    if kind == Kind::Accounting {
        let sql = format!(
            "SELECT COALESCE(SUM(debit_cents - credit_cents), 0) - {CAPITAL_CENTS} - \
             (SELECT COALESCE(SUM(amount_cents), 0) FROM bank_movement) FROM entry_line WHERE account = '512000'"
        );
        checks.push(Check::new("cents between the bank account and its movements", &sql));
    }
    let documents = kind.documents();
    checks.push(Check::new(
        "documents without a whole PDF",
        &format!(
            "SELECT COUNT(*) FROM {documents} LEFT JOIN attachment ON document = number \
             WHERE document IS NULL OR length(content) <> bytes OR NOT {}",
            dialect.whole_pdf
        ),
    ));
    checks.extend(totals.iter().map(|(name, table, sum)| {
        let sql = format!(
            "SELECT COALESCE({sum}, 0) - COALESCE((SELECT value FROM control_total WHERE name = '{name}'), 0) FROM {table}"
        );
        Check::new(format!("difference of {table} from the control total {name}"), &sql)
    }));
    checks
}

/// What a database that passed all checks holds, from its (now trusted) control totals.
pub(crate) fn holdings(state: &State) -> Balance {
    let total = |name: &str| state.totals.get(name).copied().unwrap_or(0);
    let (parties, last_entry) = match state.company.kind {
        Kind::Accounting => ("customer", "entry"),
        Kind::Payroll => ("employee", "payslip"),
    };
    Balance {
        kind: state.company.kind,
        company: state.company.name.clone(),
        entered_through: state.company.entered_through,
        documents: total(state.company.kind.documents()),
        document_bytes: total("attachment_bytes"),
        parties: total(parties),
        last_entry: total(last_entry),
    }
}
