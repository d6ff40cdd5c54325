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
CREATE TABLE employee (
    id INTEGER PRIMARY KEY,
    last_name TEXT NOT NULL,
    first_name TEXT NOT NULL,
    street TEXT NOT NULL,
    postcode TEXT NOT NULL CHECK (length(postcode) = 5),
    city TEXT NOT NULL
);
CREATE TABLE contract (
    id INTEGER PRIMARY KEY,
    employee INTEGER NOT NULL REFERENCES employee (id),
    form TEXT NOT NULL CHECK (form IN ('CDI', 'CDD', 'Intérim')),
    position TEXT NOT NULL,
    gross_cents INTEGER NOT NULL CHECK (gross_cents > 0),
    starts_on TEXT NOT NULL
);
CREATE TABLE absence (
    id INTEGER PRIMARY KEY,
    employee INTEGER NOT NULL REFERENCES employee (id),
    reason TEXT NOT NULL,
    starts_on TEXT NOT NULL,
    days INTEGER NOT NULL CHECK (days > 0),
    state TEXT NOT NULL CHECK (state IN ('demandée', 'accordée'))
);
CREATE TABLE payslip (
    number INTEGER PRIMARY KEY,
    contract INTEGER NOT NULL REFERENCES contract (id),
    date TEXT NOT NULL,
    gross_cents INTEGER NOT NULL,
    deductions_cents INTEGER NOT NULL,
    net_cents INTEGER NOT NULL,
    entered_at TEXT NOT NULL,
    CHECK (gross_cents - deductions_cents = net_cents)
);
CREATE TABLE payslip_line (
    payslip INTEGER NOT NULL REFERENCES payslip (number),
    position INTEGER NOT NULL,
    label TEXT NOT NULL,
    earned_cents INTEGER NOT NULL CHECK (earned_cents >= 0),
    deducted_cents INTEGER NOT NULL CHECK (deducted_cents >= 0),
    PRIMARY KEY (payslip, position)
) WITHOUT ROWID;
CREATE TABLE attachment (
    document INTEGER PRIMARY KEY REFERENCES payslip (number),
    name TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    content BLOB NOT NULL
);
CREATE INDEX absence_by_state ON absence (state, starts_on);
CREATE INDEX payslip_by_contract ON payslip (contract, date);
CREATE INDEX employee_by_name ON employee (last_name, first_name);
CREATE VIEW payroll_by_month AS
    SELECT substr(date, 1, 7) AS month, COUNT(*) AS payslips, SUM(gross_cents) AS gross_cents, SUM(net_cents) AS net_cents
    FROM payslip GROUP BY substr(date, 1, 7);
