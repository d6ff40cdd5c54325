//! Sentences of the retention policy (R12–R14): the rule in words, every reason to stay or to go, and the preview.

use domain::display;
use domain::ids::BackupId;
use domain::lang::Lang;
use domain::range::{OutOfRange, Setting};
use domain::retention::{Expire, Keep, Terms};
use domain::time::{CivilDate, Timestamp, Zone};

use super::counted;

sentences! {
    title { "Conservation", "Retention" }
    see_short { "ce qui est gardé, et jusqu’à quand", "what is kept, and until when" }
    see { "Ce qui est gardé, et jusqu’à quand", "What is kept, and until when" }
    manual_never {
        "Les manuelles et celles qui sont conservées parmi elles ne sont jamais supprimées par la règle.",
        "Manual backups, and those kept among them, are never deleted by the rule."
    }
    panel { "Règle du site", "Rule of the site" }
    days { "Dernières nuits gardées", "Last nights kept" }
    days_hint {
        "Les plus récentes qui ont une sauvegarde complète. Une nuit manquée ne raccourcit rien.",
        "The youngest that have a complete backup. A missed night shortens nothing."
    }
    months { "Fins de mois gardées", "Month-ends kept" }
    months_hint {
        "La dernière nuit complète de chaque mois écoulé.",
        "The last complete night of each month that is over."
    }
    years { "Fins d’année gardées", "Year-ends kept" }
    years_hint {
        "La dernière nuit complète de chaque année écoulée.",
        "The last complete night of each year that is over."
    }
    safety { "Avant restauration, en jours", "Before a restore, days" }
    safety_hint {
        "La copie prise avant chaque restauration, pour revenir en arrière.",
        "The copy taken before each restore, to go back to."
    }
    not_a_number { "Écrivez un nombre entier.", "Write a whole number." }
    preview { "Prévisualiser", "Preview" }
    save { "Enregistrer la règle", "Save the rule" }
    saving { "Enregistrement…", "Saving…" }
    unchanged {
        "C’est la règle actuelle. Changez une valeur\u{a0}: l’effet se lit ci-dessous avant d’enregistrer.",
        "This is the present rule. Change a value: its effect is shown below before you save."
    }
    no_change { "Rien\u{a0}: c’est la règle actuelle.", "Nothing: this is the present rule." }
    not_yet { "Corrigez d’abord les valeurs signalées.", "Correct the marked values first." }
    present_again { "Revenir à la règle actuelle", "Back to the present rule" }
    saved { "La règle est enregistrée.", "The rule is saved." }
    saved_more { "Voici ce qu’elle garde.", "Here is what it keeps." }
    changes { "Ce qui changerait", "What would change" }
    nothing_at_once { "Rien ne part à l’enregistrement.", "Nothing goes when you save." }
    nothing_at_once_more {
        "Chaque sauvegarde d’aujourd’hui a une raison de rester.",
        "Each of today’s backups has a reason to stay."
    }
    at_once_anyway_more {
        "La règle actuelle les supprime aussi.",
        "The present rule deletes them as well."
    }
    at_once_caption {
        "Sauvegardes qui partent à l’enregistrement",
        "Backups that go when you save"
    }
    backup { "Sauvegarde", "Backup" }
    why { "Raison", "Reason" }
    kept_because { "Gardée parce que", "Kept because" }
    no_reason { "Plus aucune raison", "No reason any more" }
    goes { "Départ", "Goes" }
    present_rule { "Règle actuelle\u{a0}: ", "Present rule: " }
    never { "Jamais par la règle", "Never by the rule" }
    at_once { "Dès l’enregistrement", "When you save" }
    at_once_present { "À la prochaine application de la règle", "When the rule is applied next" }
    sooner { "Départ avancé", "Going sooner" }
    later { "Départ retardé", "Going later" }
    in_the_end { "Dans 400 jours", "In 400 days" }
    stored { "Sauvegardes d’aujourd’hui", "Today’s backups" }
    stored_caption {
        "Sauvegardes d’aujourd’hui, de la plus récente à la plus ancienne, avec ce qui les garde",
        "Today’s backups, youngest first, with what keeps them"
    }
    none_stored { "Aucune sauvegarde complète", "No complete backup" }
    none_stored_more {
        "La première apparaîtra ici après la prochaine nuit.",
        "The first one appears here after the next night."
    }
    calendar { "Calendrier", "Calendar" }
    by_saved_day { "Une case par journée sauvegardée, sur 400 nuits", "One square per saved day, over 400 nights" }
    date { "Ce qui serait là le", "What would be there on" }
    slide { "Avancer dans le temps", "Move through time" }
    show { "Afficher", "Show" }
    months_label { "Mois du calendrier", "Months of the calendar" }
    earlier { "Plus anciennes", "Older" }
    ahead { "Ce qui va se passer", "What will happen" }
    ahead_rule {
        "À condition qu’une bonne sauvegarde soit faite chaque nuit. Si une nuit échoue, rien ne part avant la réussite suivante.",
        "Provided one good backup is made every night. If a night fails, nothing goes before the next success."
    }
    quiet_month { "Rien ne part ce mois-ci.", "Nothing goes this month." }
    legend_days { "sans lettre\u{a0}: parmi les dernières nuits", "no letter: among the last nights" }
    among_days { "parmi les dernières nuits", "among the last nights" }
    legend_month { "fin de mois", "month-end" }
    legend_year { "fin d’année", "year-end" }
    legend_manual { "manuelle ou conservée", "manual or kept" }
    legend_safety { "avant une restauration", "before a restore" }
    legend_held { "retenue pour une autre raison", "held for another reason" }
    legend_there { "là à la date choisie", "there on the chosen date" }
    legend_coming { "pas encore faite", "not made yet" }
    legend_gone { "partie", "gone" }
    legend_on { "date choisie", "chosen date" }
    letter_manual { "C", "K" }
    letter_safety { "R", "R" }
    letter_held { "+", "+" }
}

/// `7 dernières nuits, 1 fin de mois, 1 fin d’année, sauvegardes d’avant restauration 7 jours`, without a full stop.
#[must_use]
pub fn rule(lang: Lang, terms: Terms) -> String {
    let nights = match (lang, terms.days) {
        (Lang::Fr, 1) => "dernière nuit".to_owned(),
        (Lang::En, 1) => "last night".to_owned(),
        (Lang::Fr, days) => format!("{days} dernières nuits"),
        (Lang::En, days) => format!("last {days} nights"),
    };
    let none = |count: u32, fr: &'static str, en: &'static str, some: String| match count {
        0 => lang.pick(fr, en).to_owned(),
        _ => some,
    };
    let months = none(
        terms.months,
        "aucune fin de mois",
        "no month-end",
        month_ends(lang, terms.months),
    );
    let years = none(
        terms.years,
        "aucune fin d’année",
        "no year-end",
        year_ends(lang, terms.years),
    );
    let safety = format!(
        "{} {}",
        lang.pick("sauvegardes d’avant restauration", "backups before a restore"),
        days_long(lang, terms.safety_days)
    );
    format!("{nights}, {months}, {years}, {safety}")
}

fn month_ends(lang: Lang, count: u32) -> String {
    counted(
        lang,
        count.into(),
        ["fin de mois", "fins de mois"],
        ["month-end", "month-ends"],
    )
}

fn year_ends(lang: Lang, count: u32) -> String {
    counted(
        lang,
        count.into(),
        ["fin d’année", "fins d’année"],
        ["year-end", "year-ends"],
    )
}

fn days_long(lang: Lang, count: u32) -> String {
    counted(lang, count.into(), ["jour", "jours"], ["day", "days"])
}

/// Why a backup is kept: a part of a line. `named` names the backup that another one waits for.
#[must_use]
pub fn keep(lang: Lang, keep: &Keep, zone: &Zone, named: impl FnOnce(&BackupId) -> String) -> String {
    match (keep, lang) {
        (Keep::Manual, _) => lang
            .pick(
                "Manuelle\u{a0}: jamais supprimée par la règle",
                "Manual: never deleted by the rule",
            )
            .to_owned(),
        (Keep::Promoted, _) => lang
            .pick(
                "Conservée parmi les manuelles\u{a0}: jamais supprimée par la règle",
                "Kept among the manual ones: never deleted by the rule",
            )
            .to_owned(),
        (Keep::Daily { of: 1, .. }, _) => lang
            .pick("La dernière nuit complète", "The last complete night")
            .to_owned(),
        (Keep::Daily { place, of }, Lang::Fr) => format!("Parmi les {of} dernières nuits (la {})", nth(lang, *place)),
        (Keep::Daily { place, of }, Lang::En) => format!("Among the last {of} nights (the {})", nth(lang, *place)),
        (Keep::Monthly { year, month }, Lang::Fr) => {
            let of = if matches!(month, 4 | 8 | 10) { "d’" } else { "de " };
            format!("Fin de mois {of}{}", display::month(lang, *year, *month))
        }
        (Keep::Monthly { year, month }, Lang::En) => format!("Month-end of {}", display::month(lang, *year, *month)),
        (Keep::Yearly { year }, Lang::Fr) => format!("Fin d’année {year}"),
        (Keep::Yearly { year }, Lang::En) => format!("Year-end of {year}"),
        (Keep::Safety { until }, _) => {
            let until = display::short_date_time(lang, zone, *until);
            match lang {
                Lang::Fr => format!("Prise avant une restauration\u{a0}: gardée jusqu’au {until}"),
                Lang::En => format!("Taken before a restore: kept until {until}"),
            }
        }
        (Keep::LastGood, _) => lang
            .pick(
                "Dernière bonne sauvegarde du site\u{a0}: gardée tant qu’elle l’est",
                "Last good backup of the site: kept for as long as it is",
            )
            .to_owned(),
        (Keep::Undecided, _) => lang
            .pick(
                "Inhabituelle\u{a0}: gardée tant que personne n’a décidé",
                "Unusual: kept until somebody decides",
            )
            .to_owned(),
        (Keep::Frozen { by }, Lang::Fr) => format!(
            "Retenue\u{a0}: une plus récente est inhabituelle et attend une décision ({})",
            named(by)
        ),
        (Keep::Frozen { by }, Lang::En) => format!(
            "Held: a younger one is unusual and waits for a decision ({})",
            named(by)
        ),
        (Keep::SetAside { younger, of }, Lang::Fr) => format!(
            "Jugée abîmée, gardée comme preuve\u{a0}: {younger} sur {} plus récentes",
            counted(lang, (*of).into(), ["bonne nuit", "bonnes nuits"], ["", ""])
        ),
        (Keep::SetAside { younger, of }, Lang::En) => format!(
            "Judged damaged, kept as evidence: {younger} of {} younger",
            counted(lang, (*of).into(), ["", ""], ["good night", "good nights"])
        ),
        (Keep::Ahead, _) => lang
            .pick(
                "Datée d’un jour à venir\u{a0}: une horloge s’est trompée, et elle reste",
                "Dated on a day to come: a clock was wrong, and it stays",
            )
            .to_owned(),
    }
}

/// The same where the backup that another one waits for has no name.
#[must_use]
pub fn keep_alone(lang: Lang, reason: &Keep, zone: &Zone) -> String {
    match reason {
        Keep::Frozen { .. } => lang
            .pick(
                "Retenue\u{a0}: une plus récente est inhabituelle",
                "Held: a younger one is unusual",
            )
            .to_owned(),
        reason => keep(lang, reason, zone, |_| String::new()),
    }
}

/// `7 nuits`.
#[must_use]
pub fn nights(lang: Lang, count: u32) -> String {
    counted(lang, count.into(), ["nuit", "nuits"], ["night", "nights"])
}

/// `1re`, `2e`; `1st`, `2nd`.
fn nth(lang: Lang, place: u32) -> String {
    let ending = match (lang, place % 10, place % 100) {
        (Lang::Fr, ..) if place == 1 => "re",
        (Lang::Fr, ..) => "e",
        (Lang::En, _, 11..=13) => "th",
        (Lang::En, 1, _) => "st",
        (Lang::En, 2, _) => "nd",
        (Lang::En, 3, _) => "rd",
        (Lang::En, ..) => "th",
    };
    format!("{place}{ending}")
}

/// Why a backup goes: a part of a line.
#[must_use]
pub fn expire(lang: Lang, expire: &Expire) -> String {
    match (expire, lang) {
        (Expire::OlderThanDays { days: 1 }, _) => lang
            .pick("Une nuit plus récente est complète", "A younger night is complete")
            .to_owned(),
        (Expire::OlderThanDays { days }, Lang::Fr) => format!("{days} nuits plus récentes sont complètes"),
        (Expire::OlderThanDays { days }, Lang::En) => format!("{days} younger nights are complete"),
        (Expire::MonthReplaced { months, by }, _) => {
            let by = display::date(lang, *by);
            match (lang, months) {
                (Lang::Fr, 1) => format!("Remplacée comme fin de mois par celle du {by}"),
                (Lang::En, 1) => format!("Replaced as month-end by the one of {by}"),
                (Lang::Fr, _) => format!("{} plus récentes, la dernière au {by}", month_ends(lang, *months)),
                (Lang::En, _) => format!("{} are younger, the last of {by}", month_ends(lang, *months)),
            }
        }
        (Expire::YearReplaced { years, by }, _) => {
            let by = display::date(lang, *by);
            match (lang, years) {
                (Lang::Fr, 1) => format!("Remplacée comme fin d’année par celle du {by}"),
                (Lang::En, 1) => format!("Replaced as year-end by the one of {by}"),
                (Lang::Fr, _) => format!("{} plus récentes, la dernière au {by}", year_ends(lang, *years)),
                (Lang::En, _) => format!("{} are younger, the last of {by}", year_ends(lang, *years)),
            }
        }
        (Expire::SafetyOver { days }, Lang::Fr) => {
            format!("Prise avant une restauration il y a {}", days_long(lang, *days))
        }
        (Expire::SafetyOver { days }, Lang::En) => {
            format!("Taken before a restore {} ago", days_long(lang, *days))
        }
        (Expire::SetAside { days }, Lang::Fr) => format!(
            "Jugée abîmée, et {} plus récentes",
            counted(lang, (*days).into(), ["bonne nuit", "bonnes nuits"], ["", ""])
        ),
        (Expire::SetAside { days }, Lang::En) => format!(
            "Judged damaged, and {} younger",
            counted(lang, (*days).into(), ["", ""], ["good night is", "good nights are"])
        ),
    }
}

/// What a term may be; `None` for a setting of something else.
#[must_use]
pub fn out_of_range(lang: Lang, limits: &OutOfRange) -> Option<String> {
    let (least, most) = (limits.least, limits.most);
    let (fr, en) = match limits.setting {
        Setting::RetentionDays => ("de nuits", "of nights"),
        Setting::RetentionMonths => ("de fins de mois", "of month-ends"),
        Setting::RetentionYears => ("de fins d’année", "of year-ends"),
        Setting::SafetyDays => ("de jours avant restauration", "of days before a restore"),
        _ => return None,
    };
    Some(match lang {
        Lang::Fr => format!("Le nombre {fr} va de {least} à {most}."),
        Lang::En => format!("The number {en} lies between {least} and {most}."),
    })
}

/// `3 sauvegardes partent dès l’enregistrement.`
#[must_use]
pub fn go_at_once(lang: Lang, count: usize) -> String {
    let count = counted(
        lang,
        count as u64,
        ["sauvegarde part", "sauvegardes partent"],
        ["backup goes", "backups go"],
    );
    match lang {
        Lang::Fr => format!("{count} dès l’enregistrement."),
        Lang::En => format!("{count} when you save."),
    }
}

/// The warning beside it: `lost` of them would stay under the present rule.
#[must_use]
pub fn lost_more(lang: Lang, lost: usize) -> String {
    match (lang, lost) {
        (Lang::Fr, 1) => "La règle actuelle en garde une. Ce qui est supprimé ne peut pas être remis.".to_owned(),
        (Lang::En, 1) => "The present rule keeps one of them. What is deleted cannot be put back.".to_owned(),
        (Lang::Fr, _) => format!("La règle actuelle en garde {lost}. Ce qui est supprimé ne peut pas être remis."),
        (Lang::En, _) => format!("The present rule keeps {lost} of them. What is deleted cannot be put back."),
    }
}

/// What the present rule says of a backup that another one removes at once: until when it stays, when that is within the days
/// of the preview.
#[must_use]
pub fn present_keeps(lang: Lang, zone: &Zone, until_then: Option<Timestamp>, days: u32) -> String {
    match (lang, until_then) {
        (Lang::Fr, Some(at)) => format!("Règle actuelle\u{a0}: gardée {}", until(lang, zone, at)),
        (Lang::En, Some(at)) => format!("Present rule: kept {}", until(lang, zone, at)),
        (Lang::Fr, None) => format!("Règle actuelle\u{a0}: gardée au-delà de {days} jours"),
        (Lang::En, None) => format!("Present rule: kept beyond {days} days"),
    }
}

/// `9 sauvegardes au lieu de 13`, or the one number when both are the same.
#[must_use]
pub fn in_number(lang: Lang, now: usize, before: usize) -> String {
    let now_told = backups(lang, now);
    match lang {
        _ if now == before => format!(
            "{now_told}{}",
            lang.pick(", comme avec la règle actuelle", ", as with the present rule")
        ),
        Lang::Fr => format!("{now_told} au lieu de {before}"),
        Lang::En => format!("{now_told} instead of {before}"),
    }
}

/// `9 sauvegardes`.
#[must_use]
pub fn backups(lang: Lang, count: usize) -> String {
    counted(lang, count as u64, ["sauvegarde", "sauvegardes"], ["backup", "backups"])
}

/// `Le 15 mars 2027, 9 sauvegardes seraient là.`
#[must_use]
pub fn there_on(lang: Lang, date: CivilDate, count: usize) -> String {
    let (date, count) = (display::date(lang, date), backups(lang, count));
    match lang {
        Lang::Fr => format!("Le {date}\u{a0}: {count}"),
        Lang::En => format!("On {date}: {count}"),
    }
}

/// `7 nuits, du 8 au 14 mars 2027`.
#[must_use]
pub fn nights_from_to(lang: Lang, count: usize, first: CivilDate, last: CivilDate) -> String {
    let count = counted(lang, count as u64, ["nuit", "nuits"], ["night", "nights"]);
    let first = if first.year != last.year {
        display::date(lang, first)
    } else {
        display::day_and_month(lang, first)
    };
    let last = display::date(lang, last);
    match lang {
        Lang::Fr => format!("{count}, du {first} au {last}"),
        Lang::En => format!("{count}, {first} to {last}"),
    }
}

/// `jusqu’au 1er décembre 2026`.
#[must_use]
pub fn until(lang: Lang, zone: &Zone, at: Timestamp) -> String {
    let date = display::date(lang, zone.local(at).date);
    match lang {
        Lang::Fr => format!("jusqu’au {date}"),
        Lang::En => format!("until {date}"),
    }
}

/// What is said of the end of a backup that the preview does not reach.
#[must_use]
pub fn beyond(lang: Lang, days: u32) -> String {
    match lang {
        Lang::Fr => format!("Pas dans les {days} jours à venir"),
        Lang::En => format!("Not within the next {days} days"),
    }
}

/// The same of one that outlives the preview.
#[must_use]
pub fn until_after(lang: Lang, days: u32) -> String {
    match lang {
        Lang::Fr => format!("au-delà des {days} jours à venir"),
        Lang::En => format!("beyond the next {days} days"),
    }
}

/// `Mardi 24 novembre devient la fin de mois de novembre 2026`.
#[must_use]
pub fn becomes(lang: Lang, name: &str, role: &str) -> String {
    let mut role = role.to_owned();
    if let Some(first) = role.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    match lang {
        Lang::Fr => format!("{name} devient\u{a0}: {role}"),
        Lang::En => format!("{name} becomes: {role}"),
    }
}

/// `Mardi 24 novembre part`.
#[must_use]
pub fn goes_away(lang: Lang, name: &str) -> String {
    match lang {
        Lang::Fr => format!("{name} part"),
        Lang::En => format!("{name} goes"),
    }
}

/// The summary of the nights of a month that go because younger ones are there.
#[must_use]
pub fn ordinary(lang: Lang, count: usize) -> String {
    counted(
        lang,
        count as u64,
        [
            "nuit cède sa place à une plus récente",
            "nuits cèdent leur place à de plus récentes",
        ],
        [
            "night makes room for a younger one",
            "nights make room for younger ones",
        ],
    )
}

/// How many more rows are folded.
#[must_use]
pub fn more(lang: Lang, count: usize) -> String {
    counted(
        lang,
        count as u64,
        ["autre sauvegarde", "autres sauvegardes"],
        ["more backup", "more backups"],
    )
}
