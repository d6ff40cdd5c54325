//! What one transaction enters: rows, changes and their effect on the control totals, in no engine's terms yet.
//!
//! Both engines write the same batch, and both read the [`State`] a batch starts from with the same SQL; so the content
//! of a database depends on its profile and dates alone.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};

use crate::calendar;
use crate::dice::{Dice, Purpose};
use crate::error::DemoError;
use crate::profile::{Kind, Profile};
use crate::{accounting, payroll};

/// Tables that take rows, parents before children.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Table {
    Company,
    Account,
    Journal,
    Customer,
    Supplier,
    Entry,
    EntryLine,
    Invoice,
    InvoiceLine,
    Purchase,
    BankMovement,
    Employee,
    Contract,
    Absence,
    Payslip,
    PayslipLine,
    Attachment,
}

impl Table {
    /// The table's name and the columns a row gives, in order; the others have defaults.
    pub(crate) fn columns(self) -> (&'static str, &'static str) {
        match self {
            Self::Company => (
                "company",
                "id, kind, name, seed, documents_per_thousand_days, entered_through, settled_through",
            ),
            Self::Account => ("account", "number, label"),
            Self::Journal => ("journal", "code, label"),
            Self::Customer => ("customer", "id, name, street, postcode, city, email"),
            Self::Supplier => ("supplier", "id, name, account, city"),
            Self::Entry => ("entry", "number, journal, date, label, entered_at"),
            Self::EntryLine => ("entry_line", "entry, position, account, debit_cents, credit_cents"),
            Self::Invoice => ("invoice", "number, customer, date, due, net_cents, vat_cents, entry"),
            Self::InvoiceLine => ("invoice_line", "invoice, position, description, quantity, unit_cents"),
            Self::Purchase => ("purchase", "supplier, date, net_cents, vat_cents, entry"),
            Self::BankMovement => ("bank_movement", "date, label, amount_cents, entry"),
            Self::Employee => ("employee", "id, last_name, first_name, street, postcode, city"),
            Self::Contract => ("contract", "id, employee, form, position, gross_cents, starts_on"),
            Self::Absence => ("absence", "id, employee, reason, starts_on, days, state"),
            Self::Payslip => (
                "payslip",
                "number, contract, date, gross_cents, deductions_cents, net_cents, entered_at",
            ),
            Self::PayslipLine => ("payslip_line", "payslip, position, label, earned_cents, deducted_cents"),
            Self::Attachment => ("attachment", "document, name, bytes, content"),
        }
    }
}

/// One cell. Dates are text in ISO 8601; each engine's column makes of it what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Int(i64),
    Text(Cow<'static, str>),
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&'static str> for Value {
    fn from(value: &'static str) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(Cow::Owned(value))
    }
}

impl From<Date> for Value {
    fn from(value: Date) -> Self {
        value.to_string().into()
    }
}

impl From<DateTime> for Value {
    fn from(value: DateTime) -> Self {
        value.to_string().into()
    }
}

/// A row from anything that turns into cells.
macro_rules! row {
    ($($value:expr),* $(,)?) => { vec![$($crate::batch::Value::from($value)),*] };
}
pub(crate) use row;

/// The one row of table `company`.
#[derive(Debug, Clone)]
pub(crate) struct Company {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) seed: u64,
    /// Documents in a thousand business days.
    pub(crate) rate: i64,
    /// The last day entered.
    pub(crate) entered_through: Date,
    /// The last invoice whose payment was decided (paid, or disputed for good).
    pub(crate) settled_through: i64,
}

/// An invoice whose payment is due.
#[derive(Debug, Clone)]
pub(crate) struct DueInvoice {
    pub(crate) number: i64,
    pub(crate) total_cents: i64,
}

/// What a batch starts from, read in the transaction that will write it.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) company: Company,
    pub(crate) totals: BTreeMap<String, i64>,
    /// In the order of their numbers; empty for payroll and for single documents.
    pub(crate) due: Vec<DueInvoice>,
}

impl State {
    /// Read by both engines, one row: kind, name, seed, rate, entered_through, settled_through.
    pub(crate) const COMPANY_SQL: &str = "SELECT kind, name, seed, documents_per_thousand_days, \
         CAST(entered_through AS TEXT), settled_through FROM company WHERE id = 1";
    /// (name, value)
    pub(crate) const TOTALS_SQL: &str = "SELECT name, value FROM control_total";

    /// The empty database of a profile whose history begins on `history_from`.
    pub(crate) fn before(profile: &Profile, history_from: Date, up_to: Date) -> Self {
        let before = history_from.yesterday().unwrap_or(history_from);
        let days = calendar::business_days(before, up_to).count().max(1);
        let rate = profile.documents() * 1_000 / days as u64;
        let company = Company {
            kind: profile.kind,
            name: profile.company.clone(),
            seed: profile.seed,
            rate: i64::try_from(rate).unwrap_or(i64::MAX).max(1),
            entered_through: before,
            settled_through: 0,
        };
        Self {
            company,
            totals: BTreeMap::new(),
            due: Vec::new(),
        }
    }

    /// Some bytes of this company's own.
    pub(crate) fn letterhead(&self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        Dice::new(self.company.seed, Purpose::Party, 0, 0).fill(&mut bytes);
        bytes
    }

    pub(crate) fn company(row: (String, String, i64, i64, String, i64)) -> Result<Company, DemoError> {
        let (kind, name, seed, rate, entered_through, settled_through) = row;
        Ok(Company {
            kind: Kind::from_word(&kind).ok_or_else(|| DemoError::Foreign(format!("kind {kind}")))?,
            name,
            seed: seed.cast_unsigned(),
            rate,
            entered_through: entered_through
                .parse()
                .map_err(|_| DemoError::Foreign(format!("date {entered_through}")))?,
            settled_through,
        })
    }

    /// (number, total_cents) of the invoices due on `day`; twice as many as are entered in a day, so that a backlog melts.
    pub(crate) fn due_sql(company: &Company, day: Date) -> String {
        let issued = day.saturating_sub(jiff::Span::new().days(accounting::PAYMENT_DAYS));
        format!(
            "SELECT number, total_cents FROM invoice WHERE number > {} AND date <= '{issued}' ORDER BY number LIMIT {}",
            company.settled_through,
            company.rate / 500 + 2,
        )
    }

    /// What is there before the first day.
    pub(crate) fn opening(&self, profile: &Profile) -> Batch<'_> {
        let (mut batch, company) = (Batch::new(self), &self.company);
        let (kind, seed, day) = (company.kind.word(), company.seed.cast_signed(), company.entered_through);
        batch.push(
            Table::Company,
            row![1, kind, company.name.clone(), seed, company.rate, day, 0],
        );
        match company.kind {
            Kind::Accounting => accounting::opening(&mut batch, day, profile.documents()),
            Kind::Payroll => payroll::opening(&mut batch, day, profile.documents()),
        }
        batch
    }

    /// What a new business day adds.
    pub(crate) fn business_day(&self, date: Date) -> Batch<'_> {
        let mut batch = Batch::new(self);
        match self.company.kind {
            Kind::Accounting => accounting::business_day(&mut batch, date),
            Kind::Payroll => payroll::business_day(&mut batch, date),
        }
        batch.changes.push(entered_through_sql(date));
        batch
    }

    /// What the background writer adds: one document, complete.
    pub(crate) fn one_document(&self, at: DateTime, counter: u64) -> Batch<'_> {
        let mut batch = Batch::new(self);
        match self.company.kind {
            Kind::Accounting => accounting::live_invoice(&mut batch, at, counter),
            Kind::Payroll => payroll::live_payslip(&mut batch, at, counter),
        }
        batch
    }
}

pub(crate) fn entered_through_sql(date: Date) -> String {
    format!("UPDATE company SET entered_through = '{date}'")
}

/// A string literal, the same in both engines.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Rows and changes of one transaction.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    pub(crate) state: &'a State,
    pub(crate) rows: BTreeMap<Table, Vec<Vec<Value>>>,
    /// Statements both engines understand; executed after the rows are in.
    pub(crate) changes: Vec<String>,
    totals: BTreeMap<&'static str, i64>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(state: &'a State) -> Self {
        Self {
            state,
            rows: BTreeMap::new(),
            changes: Vec::new(),
            totals: BTreeMap::new(),
        }
    }

    pub(crate) fn push(&mut self, table: Table, row: Vec<Value>) {
        self.rows.entry(table).or_default().push(row);
    }

    /// Adds to a control total and returns its new value; for totals that count, that is the new row's number.
    pub(crate) fn add(&mut self, total: &'static str, amount: i64) -> i64 {
        *self.totals.entry(total).or_default() += amount;
        self.total(total)
    }

    pub(crate) fn total(&self, total: &'static str) -> i64 {
        self.state.totals.get(total).unwrap_or(&0) + self.totals.get(total).unwrap_or(&0)
    }

    pub(crate) fn attach(&mut self, document: i64, name: String, content: Vec<u8>) {
        let bytes = i64::try_from(content.len()).unwrap_or(i64::MAX);
        self.add("attachment_bytes", bytes);
        self.push(Table::Attachment, row![document, name, bytes, Value::Bytes(content)]);
    }

    /// The changes, then the control totals; to be executed in order.
    pub(crate) fn statements(&self) -> impl Iterator<Item = String> {
        let totals = self.totals.iter().map(|(name, amount)| {
            format!(
                "INSERT INTO control_total (name, value) VALUES ('{name}', {amount}) \
                 ON CONFLICT (name) DO UPDATE SET value = control_total.value + excluded.value"
            )
        });
        self.changes.iter().cloned().chain(totals)
    }
}
