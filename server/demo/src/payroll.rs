//! What a payroll department enters: the staff, a business day, one payslip. Amounts are whole cents.
//!
//! The company pays by assignment, not on one day of the month, so that every night has something new to back up.

use jiff::civil::{Date, DateTime, time};

use crate::accounting::{ordinal, second};
use crate::batch::{Batch, Table, quoted, row};
use crate::content::{self, ABSENCES, DEDUCTIONS, JOBS};
use crate::dice::{Dice, Purpose};
use crate::pdf;

/// The staff with their contracts, entered on the day before the history begins.
pub(crate) fn opening(batch: &mut Batch<'_>, day: Date, documents: u64) {
    for _ in 0..20 + documents / 40 {
        hire(batch, day);
    }
}

/// Payslips and absences of one day, older absences granted, somebody who moves, now and then somebody new.
pub(crate) fn business_day(batch: &mut Batch<'_>, date: Date) {
    let company = &batch.state.company;
    let mut dice = Dice::new(company.seed, Purpose::Day, ordinal(date), 1);
    let wanted = company.rate * dice.between(750, 1_250);
    let payslips = wanted / 1_000_000 + i64::from(dice.between(0, 999_999) < wanted % 1_000_000);
    for number in 0..payslips {
        let at = date.to_datetime(time(9, 0, 0, 0)) + jiff::Span::new().minutes(number * 480 / payslips);
        payslip(batch, at, &mut dice);
    }
    batch.changes.push(format!(
        "UPDATE absence SET state = 'accordée' WHERE state = 'demandée' AND starts_on <= '{date}'"
    ));
    for _ in 0..payslips / 10 + 1 {
        let id = batch.add("absence", 1);
        let employee = dice.between(1, batch.total("employee"));
        let starts_on = date.saturating_add(jiff::Span::new().days(dice.between(1, 40)));
        let (reason, days) = (dice.pick(&ABSENCES), dice.between(1, 12));
        batch.push(Table::Absence, row![id, employee, reason, starts_on, days, "demandée"]);
    }
    let id = dice.between(1, batch.total("employee"));
    let address = content::address(&mut dice);
    batch.changes.push(format!(
        "UPDATE employee SET street = {}, postcode = '{}', city = {} WHERE id = {id}",
        quoted(&address.street),
        address.postcode,
        quoted(address.city),
    ));
    if dice.percent(8) {
        hire(batch, date);
    }
}

/// One payslip outside the daily routine.
pub(crate) fn live_payslip(batch: &mut Batch<'_>, at: DateTime, counter: u64) {
    let mut dice = Dice::new(
        batch.state.company.seed,
        Purpose::Live,
        counter.cast_signed(),
        second(at),
    );
    payslip(batch, at, &mut dice);
}

fn payslip(batch: &mut Batch<'_>, at: DateTime, dice: &mut Dice) {
    let number = batch.add("payslip", 1);
    let contract = dice.between(1, batch.total("employee"));
    let base = monthly_gross(batch.state.company.seed, contract);
    let mut lines: Vec<(&'static str, i64, i64)> = vec![("Salaire de base", base, 0)];
    if dice.percent(35) {
        lines.push(("Heures supplémentaires à 25 %", base * dice.between(1, 9) / 120, 0));
    }
    if dice.percent(20) {
        lines.push(("Prime exceptionnelle", dice.between(20, 400) * 100, 0));
    }
    let gross = lines.iter().map(|(_, earned, _)| earned).sum::<i64>();
    lines.extend(
        DEDUCTIONS
            .iter()
            .map(|(label, millionths)| (*label, 0, (gross * millionths + 500_000) / 1_000_000)),
    );
    lines.push(("Mutuelle, part salariale", 0, 2_850));
    let deductions = lines.iter().map(|(_, _, deducted)| deducted).sum::<i64>();
    let net = gross - deductions;

    batch.push(
        Table::Payslip,
        row![number, contract, at.date(), gross, deductions, net, at],
    );
    let mut printed = vec![
        batch.state.company.name.clone(),
        format!("Contrat n° {contract} - {}", content::day(at.date())),
        String::new(),
    ];
    for (position, (label, earned, deducted)) in (1_i64..).zip(lines) {
        batch.push(Table::PayslipLine, row![number, position, label, earned, deducted]);
        printed.push(format!("{label} : {}", content::euros(earned - deducted)));
    }
    printed.extend([String::new(), format!("Net à payer : {}", content::euros(net))]);
    batch.add("gross_cents", gross);
    batch.add("deductions_cents", deductions);
    batch.add("net_cents", net);
    let content = pdf::document(&format!("Bulletin de paie n° {number}"), &printed, dice);
    batch.attach(
        number,
        format!("bulletin-{:04}-{:02}-{number:06}.pdf", at.year(), at.month()),
        content,
    );
}

/// An employee and the contract of the same number.
fn hire(batch: &mut Batch<'_>, day: Date) {
    let seed = batch.state.company.seed;
    let id = batch.add("employee", 1);
    let mut dice = Dice::new(seed, Purpose::Party, id, 1);
    let address = content::address(&mut dice);
    let (last, first) = (content::last_name(&mut dice), content::first_name(&mut dice));
    batch.push(
        Table::Employee,
        row![id, last, first, address.street, address.postcode, address.city],
    );
    let form = dice.pick(&["CDI", "CDI", "CDI", "CDD", "Intérim"]);
    batch.push(
        Table::Contract,
        row![id, id, form, job(seed, id).0, monthly_gross(seed, id), day],
    );
}

fn job(seed: u64, contract: i64) -> (&'static str, i64) {
    Dice::new(seed, Purpose::Party, contract, 2).pick(&JOBS)
}

/// Follows from the number, so that a payslip need not read its contract.
fn monthly_gross(seed: u64, contract: i64) -> i64 {
    let mut dice = Dice::new(seed, Purpose::Party, contract, 3);
    job(seed, contract).1 * dice.between(96, 128) / 100
}
