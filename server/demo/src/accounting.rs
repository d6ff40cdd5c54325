//! What an accounting department enters: the opening, a business day, one invoice. Amounts are whole cents.

use jiff::civil::{Date, DateTime, Weekday, time};

use crate::batch::{Batch, Table, quoted, row};
use crate::content::{self, ACCOUNTS, EXPENSES, GOODS, JOURNALS};
use crate::dice::{Dice, Purpose};
use crate::pdf;

/// After so many days an invoice is paid or disputed.
pub(crate) const PAYMENT_DAYS: i32 = 30;
/// Percent of the invoices that stay unpaid.
const DISPUTED: i64 = 4;
/// Percent on top of the net.
const VAT: i64 = 20;
const SUPPLIERS: i64 = 40;
/// What the bank account holds before its first movement.
pub(crate) const CAPITAL_CENTS: i64 = 10_000_000;

/// The chart of accounts, the customers and the capital, entered on the day before the history begins.
pub(crate) fn opening(batch: &mut Batch<'_>, day: Date, documents: u64) {
    for (number, label) in ACCOUNTS {
        batch.push(Table::Account, row![number, label]);
    }
    for (code, label) in JOURNALS {
        batch.push(Table::Journal, row![code, label]);
    }
    for _ in 0..40 + documents / 12 {
        new_customer(batch);
    }
    for id in 1..=SUPPLIERS {
        let mut dice = Dice::new(batch.state.company.seed, Purpose::Party, -id, 0);
        let (account, _) = dice.pick(&EXPENSES);
        let city = content::address(&mut dice).city;
        batch.push(Table::Supplier, row![id, content::company(&mut dice), account, city]);
    }
    batch.add("supplier", SUPPLIERS);
    let lines = [("512000", CAPITAL_CENTS), ("101000", -CAPITAL_CENTS)];
    enter(batch, "OD", day.at(8, 0, 0, 0), "Apport en capital".to_owned(), &lines);
}

/// Sales, purchases and payments of one day, and a customer who moves now and then.
pub(crate) fn business_day(batch: &mut Batch<'_>, date: Date) {
    let company = &batch.state.company;
    let mut dice = Dice::new(company.seed, Purpose::Day, ordinal(date), 0);
    let wanted = company.rate * dice.between(750, 1_250);
    let invoices = wanted / 1_000_000 + i64::from(dice.between(0, 999_999) < wanted % 1_000_000);
    for number in 0..invoices {
        let at = date.to_datetime(time(8, 30, 0, 0)) + jiff::Span::new().minutes(number * 540 / invoices);
        invoice(batch, at, &mut dice);
    }
    for _ in 0..(invoices + 2) / 3 {
        purchase(batch, date.at(17, 40, 0, 0), &mut dice);
    }
    payments(batch, date);
    if dice.percent(30) {
        new_customer(batch);
    }
    let id = dice.between(1, batch.total("customer"));
    let address = content::address(&mut dice);
    batch.changes.push(format!(
        "UPDATE customer SET street = {}, postcode = '{}', city = {} WHERE id = {id}",
        quoted(&address.street),
        address.postcode,
        quoted(address.city),
    ));
    if date.weekday() == Weekday::Friday && date.day() > 24 {
        let cents = dice.between(40_000, 90_000);
        let lines = [("681120", cents), ("281830", -cents)];
        enter(
            batch,
            "OD",
            date.at(18, 0, 0, 0),
            "Dotation aux amortissements".to_owned(),
            &lines,
        );
    }
}

/// One invoice outside the daily routine.
pub(crate) fn live_invoice(batch: &mut Batch<'_>, at: DateTime, counter: u64) {
    let mut dice = Dice::new(
        batch.state.company.seed,
        Purpose::Live,
        counter.cast_signed(),
        second(at),
    );
    invoice(batch, at, &mut dice);
}

fn invoice(batch: &mut Batch<'_>, at: DateTime, dice: &mut Dice) {
    let number = batch.add("invoice", 1);
    let customer = dice.between(1, batch.total("customer"));
    let reference = format!("F{:04}-{number:06}", at.year());
    let due = at.date().saturating_add(jiff::Span::new().days(PAYMENT_DAYS));
    let mut printed = vec![
        batch.state.company.name.clone(),
        format!("Client n° {customer} - {}", content::day(at.date())),
        String::new(),
    ];
    let (mut net, mut credits) = (0, Vec::<(&'static str, i64)>::new());
    let mut goods = Vec::new();
    for position in 1..=dice.between(1, 6) {
        let (account, description, list_price) = dice.pick(&GOODS);
        let (quantity, unit) = (dice.between(1, 8), list_price * dice.between(92, 106) / 100);
        let amount = quantity * unit;
        net += amount;
        match credits.iter_mut().find(|(credited, _)| *credited == account) {
            Some((_, cents)) => *cents -= amount,
            None => credits.push((account, -amount)),
        }
        printed.push(format!(
            "{quantity} x {description}, {} : {}",
            content::euros(unit),
            content::euros(amount)
        ));
        goods.push(row![number, position, description, quantity, unit]);
    }
    let vat = (net * VAT + 50) / 100;
    let mut lines = vec![("411000", net + vat)];
    lines.append(&mut credits);
    lines.push(("445710", -vat));
    let entry = enter(batch, "VE", at, format!("Facture {reference}"), &lines);
    batch.push(Table::Invoice, row![number, customer, at.date(), due, net, vat, entry]);
    for line in goods {
        batch.push(Table::InvoiceLine, line);
    }
    batch.add("invoice_net_cents", net);
    batch.add("invoice_vat_cents", vat);
    printed.extend([
        String::new(),
        format!("Total HT : {}", content::euros(net)),
        format!("TVA {VAT} % : {}", content::euros(vat)),
        format!("Total TTC : {}", content::euros(net + vat)),
        format!("À régler avant le {}", content::day(due)),
    ]);
    let content = pdf::document(&format!("Facture {reference}"), &printed, dice);
    batch.attach(number, format!("{reference}.pdf"), content);
}

/// A supplier's bill; every second one is paid at once.
fn purchase(batch: &mut Batch<'_>, at: DateTime, dice: &mut Dice) {
    let supplier = dice.between(1, SUPPLIERS);
    let (account, what) = dice.pick(&EXPENSES);
    let net = dice.between(2_500, 180_000);
    let vat = (net * VAT + 50) / 100;
    let lines = [(account, net), ("445660", vat), ("401000", -net - vat)];
    let entry = enter(batch, "AC", at, format!("{what}, fournisseur n° {supplier}"), &lines);
    batch.push(Table::Purchase, row![supplier, at.date(), net, vat, entry]);
    batch.add("purchase", 1);
    if dice.percent(50) {
        move_money(
            batch,
            at,
            format!("Virement au fournisseur n° {supplier}"),
            "401000",
            -net - vat,
        );
    }
}

/// Customers pay what is due; a few never do.
fn payments(batch: &mut Batch<'_>, date: Date) {
    let state = batch.state;
    let mut paid = Vec::new();
    for due in &state.due {
        if !Dice::new(state.company.seed, Purpose::Settlement, due.number, 0).percent(DISPUTED) {
            let label = format!("Règlement de la facture n° {}", due.number);
            move_money(batch, date.at(18, 20, 0, 0), label, "411000", due.total_cents);
            paid.push(due.number.to_string());
        }
    }
    if !paid.is_empty() {
        batch.changes.push(format!(
            "UPDATE invoice SET paid_on = '{date}' WHERE number IN ({})",
            paid.join(", ")
        ));
    }
    if let Some(last) = state.due.last() {
        batch
            .changes
            .push(format!("UPDATE company SET settled_through = {}", last.number));
    }
}

/// Positive amounts arrive on the bank account.
fn move_money(batch: &mut Batch<'_>, at: DateTime, label: String, against: &'static str, cents: i64) {
    let entry = enter(batch, "BQ", at, label.clone(), &[("512000", cents), (against, -cents)]);
    batch.push(Table::BankMovement, row![at.date(), label, cents, entry]);
    batch.add("bank_movement", 1);
    batch.add("bank_cents", cents);
}

/// Positive amounts are debits, negative ones credits; they add up to zero.
fn enter(
    batch: &mut Batch<'_>,
    journal: &'static str,
    at: DateTime,
    label: String,
    lines: &[(&'static str, i64)],
) -> i64 {
    debug_assert_eq!(lines.iter().map(|(_, cents)| cents).sum::<i64>(), 0, "{label}");
    let entry = batch.add("entry", 1);
    batch.push(Table::Entry, row![entry, journal, at.date(), label, at]);
    for (position, (account, cents)) in (1_i64..).zip(lines) {
        let (debit, credit) = ((*cents).max(0), (-cents).max(0));
        batch.push(Table::EntryLine, row![entry, position, *account, debit, credit]);
        batch.add("entry_line", 1);
        batch.add("debit_cents", debit);
    }
    entry
}

fn new_customer(batch: &mut Batch<'_>) {
    let id = batch.add("customer", 1);
    let mut dice = Dice::new(batch.state.company.seed, Purpose::Party, id, 0);
    let address = content::address(&mut dice);
    let name = content::company(&mut dice);
    let row = row![
        id,
        name,
        address.street,
        address.postcode,
        address.city,
        content::email(id)
    ];
    batch.push(Table::Customer, row);
}

/// Seconds since 1 January of year 0: a counter that starts again does not enter the same once more.
pub(crate) fn second(at: DateTime) -> i64 {
    at.duration_since(DateTime::ZERO).as_secs()
}

/// Days since 1 January of year 0: tells the streams of different days apart.
pub(crate) fn ordinal(date: Date) -> i64 {
    date.duration_since(Date::ZERO).as_hours() / 24
}
