CREATE TABLE company (
    id integer PRIMARY KEY CHECK (id = 1),
    kind text NOT NULL,
    name text NOT NULL,
    seed bigint NOT NULL,
    documents_per_thousand_days bigint NOT NULL CHECK (documents_per_thousand_days > 0),
    entered_through date NOT NULL,
    settled_through bigint NOT NULL
);
CREATE TABLE control_total (name text PRIMARY KEY, value bigint NOT NULL);
CREATE TABLE employee (
    id bigint PRIMARY KEY,
    last_name text NOT NULL,
    first_name text NOT NULL,
    street text NOT NULL,
    postcode text NOT NULL CHECK (length(postcode) = 5),
    city text NOT NULL
);
CREATE TABLE contract (
    id bigint PRIMARY KEY,
    employee bigint NOT NULL REFERENCES employee (id),
    form text NOT NULL CHECK (form IN ('CDI', 'CDD', 'Intérim')),
    position text NOT NULL,
    gross_cents bigint NOT NULL CHECK (gross_cents > 0),
    starts_on date NOT NULL
);
CREATE TABLE absence (
    id bigint PRIMARY KEY,
    employee bigint NOT NULL REFERENCES employee (id),
    reason text NOT NULL,
    starts_on date NOT NULL,
    days integer NOT NULL CHECK (days > 0),
    state text NOT NULL CHECK (state IN ('demandée', 'accordée'))
);
CREATE TABLE payslip (
    number bigint PRIMARY KEY,
    contract bigint NOT NULL REFERENCES contract (id),
    date date NOT NULL,
    gross_cents bigint NOT NULL,
    deductions_cents bigint NOT NULL,
    net_cents bigint NOT NULL,
    entered_at timestamp NOT NULL,
    CHECK (gross_cents - deductions_cents = net_cents)
);
CREATE TABLE payslip_line (
    payslip bigint NOT NULL REFERENCES payslip (number),
    position integer NOT NULL,
    label text NOT NULL,
    earned_cents bigint NOT NULL CHECK (earned_cents >= 0),
    deducted_cents bigint NOT NULL CHECK (deducted_cents >= 0),
    PRIMARY KEY (payslip, position)
);
CREATE TABLE attachment (
    document bigint PRIMARY KEY REFERENCES payslip (number),
    name text NOT NULL,
    bytes integer NOT NULL,
    content bytea NOT NULL
);
ALTER TABLE attachment ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE INDEX absence_by_state ON absence (state, starts_on);
CREATE INDEX payslip_by_contract ON payslip (contract, date);
CREATE INDEX employee_by_name ON employee (last_name, first_name);
CREATE VIEW payroll_by_month AS
    SELECT to_char(date, 'YYYY-MM') AS month, COUNT(*) AS payslips, SUM(gross_cents) AS gross_cents, SUM(net_cents) AS net_cents
    FROM payslip GROUP BY to_char(date, 'YYYY-MM');
