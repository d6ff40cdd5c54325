CREATE TABLE company (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    seed INTEGER NOT NULL,
    documents_per_thousand_days INTEGER NOT NULL CHECK (documents_per_thousand_days > 0),
    entered_through TEXT NOT NULL,
    settled_through INTEGER NOT NULL
);
CREATE TABLE control_total (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE account (number TEXT PRIMARY KEY, label TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE journal (code TEXT PRIMARY KEY, label TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE customer (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    street TEXT NOT NULL,
    postcode TEXT NOT NULL CHECK (length(postcode) = 5),
    city TEXT NOT NULL,
    email TEXT NOT NULL
);
CREATE TABLE supplier (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES account (number),
    city TEXT NOT NULL
);
CREATE TABLE entry (
    number INTEGER PRIMARY KEY,
    journal TEXT NOT NULL REFERENCES journal (code),
    date TEXT NOT NULL,
    label TEXT NOT NULL,
    entered_at TEXT NOT NULL
);
CREATE TABLE entry_line (
    entry INTEGER NOT NULL REFERENCES entry (number),
    position INTEGER NOT NULL,
    account TEXT NOT NULL REFERENCES account (number),
    debit_cents INTEGER NOT NULL CHECK (debit_cents >= 0),
    credit_cents INTEGER NOT NULL CHECK (credit_cents >= 0),
    PRIMARY KEY (entry, position),
    CHECK ((debit_cents = 0) <> (credit_cents = 0))
) WITHOUT ROWID;
CREATE TABLE invoice (
    number INTEGER PRIMARY KEY,
    customer INTEGER NOT NULL REFERENCES customer (id),
    date TEXT NOT NULL,
    due TEXT NOT NULL CHECK (due >= date),
    net_cents INTEGER NOT NULL,
    vat_cents INTEGER NOT NULL,
    total_cents INTEGER NOT NULL GENERATED ALWAYS AS (net_cents + vat_cents) STORED,
    paid_on TEXT,
    entry INTEGER NOT NULL REFERENCES entry (number)
);
CREATE TABLE invoice_line (
    invoice INTEGER NOT NULL REFERENCES invoice (number),
    position INTEGER NOT NULL,
    description TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    unit_cents INTEGER NOT NULL,
    PRIMARY KEY (invoice, position)
) WITHOUT ROWID;
CREATE TABLE attachment (
    document INTEGER PRIMARY KEY REFERENCES invoice (number),
    name TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    content BLOB NOT NULL
);
CREATE TABLE purchase (
    id INTEGER PRIMARY KEY,
    supplier INTEGER NOT NULL REFERENCES supplier (id),
    date TEXT NOT NULL,
    net_cents INTEGER NOT NULL,
    vat_cents INTEGER NOT NULL,
    entry INTEGER NOT NULL REFERENCES entry (number)
);
CREATE TABLE bank_movement (
    receipt INTEGER PRIMARY KEY,
    date TEXT NOT NULL,
    label TEXT NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents <> 0),
    entry INTEGER NOT NULL REFERENCES entry (number)
);
CREATE INDEX entry_by_date ON entry (date);
CREATE INDEX entry_line_by_account ON entry_line (account);
CREATE INDEX invoice_by_customer ON invoice (customer, date);
CREATE VIEW trial_balance AS
    SELECT account.number, account.label,
           SUM(entry_line.debit_cents) AS debit_cents, SUM(entry_line.credit_cents) AS credit_cents
    FROM entry_line JOIN account ON account.number = entry_line.account
    GROUP BY account.number, account.label;
