//! What one demonstration database is to be: the only input besides dates.

/// What a database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Chart of accounts, journals, invoices with attached PDFs, purchases, bank movements.
    Accounting,
    /// Employees, contracts, absences, payslips with attached PDFs.
    Payroll,
}

impl Kind {
    /// As written in the database.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Accounting => "accounting",
            Self::Payroll => "payroll",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Accounting, Self::Payroll]
            .into_iter()
            .find(|kind| kind.word() == word)
    }

    /// The table whose rows are this kind's documents; also the name of the control total that counts them.
    pub(crate) fn documents(self) -> &'static str {
        match self {
            Self::Accounting => "invoice",
            Self::Payroll => "payslip",
        }
    }

    /// Measured in files of 5–40 MB: a document with its lines, entries, PDF, index entries and the pages' waste.
    fn bytes_per_document(self) -> u64 {
        match self {
            Self::Accounting => 7_600,
            Self::Payroll => 7_450,
        }
    }
}

/// SQLite's two ways of being written; a copy of a live file must cope with both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JournalMode {
    /// Write-ahead log: readers and a writer at once.
    #[default]
    Wal,
    /// Rollback journal: a writer locks readers out for a moment.
    Delete,
}

/// One database. Equal profiles and dates make equal content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Everything random follows from it.
    pub seed: u64,
    /// The company's name, as printed on its invoices and payslips.
    pub company: String,
    /// What the database holds.
    pub kind: Kind,
    /// Approximate size after the history is entered, in MB of 10⁶ bytes (± 10 % from 5 upwards). With a history of one
    /// year each later business day adds about 0.4 %.
    pub megabytes: u32,
    /// For SQLite only.
    pub journal_mode: JournalMode,
}

impl Profile {
    /// How many documents a history has to hold for the wanted size; at least one.
    pub(crate) fn documents(&self) -> u64 {
        (u64::from(self.megabytes) * 1_000_000 / self.kind.bytes_per_document()).max(1)
    }
}
