//! Sentences of unusual backups: the mark, the facts, what a decision means, and the rows of each table.

use domain::anomaly::{Review, Unusual, What};
use domain::display;
use domain::judgement::Verdict;
use domain::lang::Lang;

use super::counted;

sentences! {
    unusual { "Inhabituelle", "Unusual" }
    accepted { "Acceptée", "Accepted" }
    rejected { "Rejetée", "Rejected" }
    unusual_accepted { "Inhabituelle, acceptée", "Unusual, accepted" }
    unusual_rejected { "Inhabituelle, rejetée", "Unusual, rejected" }
    unusual_in_list { "Sauvegarde inhabituelle à examiner", "Unusual backup to review" }
    review { "Examiner et décider", "Review and decide" }
    see { "Voir pourquoi", "See why" }
    frozen {
        "Les anciennes sauvegardes ne sont plus supprimées tant que personne n’a décidé.",
        "Older backups are no longer deleted until somebody has decided."
    }
    lead {
        "Elle diffère beaucoup des dernières bonnes sauvegardes du site.",
        "It differs a lot from the site’s last good backups."
    }
    usual { "Rien d’inhabituel n’y a été relevé.", "Nothing unusual was found in it." }
    usual_more {
        "Les tailles et les nombres de lignes ci-dessous sont ceux de l’état sauvegardé.",
        "The sizes and row counts below are those of the saved state."
    }
    resumed { "La règle de conservation s’applique de nouveau.", "The retention rule applies again." }
    facts { "Ce qui a changé", "What has changed" }
    facts_rule {
        "Avant\u{a0}: valeur médiane des dernières bonnes sauvegardes.",
        "Before: the median of the last good backups."
    }
    facts_caption { "Écarts inhabituels de cette sauvegarde", "Unusual changes in this backup" }
    what { "Quoi", "What" }
    before { "Avant", "Before" }
    now { "Maintenant", "Now" }
    change { "Écart", "Change" }
    gone { "disparue", "gone" }
    absent { "absente", "absent" }
    decision { "Décision", "Decision" }
    accept { "Accepter", "Accept" }
    reject { "Rejeter", "Reject" }
    accept_after_all { "Finalement, accepter", "Accept after all" }
    reject_after_all { "Finalement, rejeter", "Reject after all" }
    deciding { "Enregistrement…", "Saving…" }
    accept_means { "Accepter\u{a0}: le changement est voulu.", "Accept: the change is intended." }
    accept_means_more {
        "Archivage, purge, import… Ce niveau devient la référence, et les sauvegardes suivantes au même niveau sont acceptées avec elle.",
        "Archiving, a purge, an import… This level becomes the reference, and later backups at the same level are accepted with it."
    }
    reject_means { "Rejeter\u{a0}: des données manquent ou sont abîmées.", "Reject: data are missing or damaged." }
    reject_night {
        "Elle ne compte plus pour aucune nuit. Elle reste comme preuve le temps des sauvegardes quotidiennes, puis la règle la supprime.",
        "It no longer counts for any night. It stays as evidence as long as daily backups do, then the rule deletes it."
    }
    reject_manual {
        "Elle n’est plus tenue pour bonne, et reste comme preuve jusqu’à ce que quelqu’un la supprime.",
        "It is no longer held to be good, and stays as evidence until somebody deletes it."
    }
    both_mean {
        "Dans les deux cas, la suppression des anciennes sauvegardes reprend. La décision peut être changée.",
        "Either way, older backups are deleted again in their time. The decision can be changed."
    }
    reason { "Motif (facultatif)", "Reason (optional)" }
    reason_hint { "Visible de tous ceux qui voient le site.", "Shown to everybody who sees the site." }
    another_decision { "Changer la décision", "Change the decision" }
    rows { "Lignes par table", "Rows per table" }
    rows_rule {
        "Comptées dans l’état sauvegardé, table par table.",
        "Counted in the saved state, table by table."
    }
    not_counted { "Lignes non comptées dans cette sauvegarde.", "Rows were not counted in this backup." }
    table { "Table", "Table" }
    table_rows { "Lignes", "Rows" }
    more_about { "\u{a0}: tailles et lignes par table", ": sizes and rows per table" }
}

/// The heading of the page. `date` is how a sentence names the backup.
#[must_use]
pub fn title(lang: Lang, review: Review, date: &str) -> String {
    match (lang, review) {
        (Lang::Fr, Review::Undecided) => format!("La sauvegarde du {date} est inhabituelle"),
        (Lang::En, Review::Undecided) => format!("The backup of {date} is unusual"),
        (Lang::Fr, _) => format!("Sauvegarde du {date}"),
        (Lang::En, _) => format!("Backup of {date}"),
    }
}

/// Said of a backup that one may restore from; nothing of a usual one.
#[must_use]
pub const fn in_choice(lang: Lang, review: Review) -> Option<&'static str> {
    match review {
        Review::Usual => None,
        Review::Undecided => Some(unusual(lang)),
        Review::Accepted => Some(unusual_accepted(lang)),
        Review::Rejected => Some(unusual_rejected(lang)),
    }
}

/// The alert on the page of a site, its first half.
#[must_use]
pub fn alert(lang: Lang, date: &str, fact: &str, others: usize) -> String {
    let others = match (lang, others) {
        (_, 0) => String::new(),
        (Lang::Fr, 1) => " et 1 autre écart".to_owned(),
        (Lang::Fr, others) => format!(" et {others} autres écarts"),
        (Lang::En, 1) => " and 1 other change".to_owned(),
        (Lang::En, others) => format!(" and {others} other changes"),
    };
    match lang {
        Lang::Fr => format!("La sauvegarde du {date} est inhabituelle\u{a0}: {fact}{others}."),
        Lang::En => format!("The backup of {date} is unusual: {fact}{others}."),
    }
}

/// Further undecided backups of the site.
#[must_use]
pub fn also_waiting(lang: Lang, count: usize) -> String {
    let fr = [
        "autre sauvegarde attend aussi une décision.",
        "autres sauvegardes attendent aussi une décision.",
    ];
    let en = [
        "other backup also waits for a decision.",
        "other backups also wait for a decision.",
    ];
    counted(lang, count as u64, fr, en)
}

/// A change as a share: `−97 %`, `+150 %`. A fall that leaves something is never told as all of it.
#[must_use]
pub fn share(lang: Lang, before: u64, now: u64) -> String {
    let percent = u128::from(now.abs_diff(before)) * 100 / u128::from(before.max(1));
    let percent = u64::try_from(percent).unwrap_or(u64::MAX);
    let sign = if now < before { '\u{2212}' } else { '+' };
    let space = lang.pick("\u{202f}", "");
    format!("{sign}{}{space}%", display::number(lang, percent))
}

/// What a fact is about: `Table F_ECRITUREC`, `Taille de Paie`; `database` is the name of the database.
#[must_use]
pub fn subject(lang: Lang, what: &What, database: &str, several: bool) -> String {
    match (lang, what) {
        (Lang::Fr, What::Bytes { .. }) => format!("Taille de {database}"),
        (Lang::En, What::Bytes { .. }) => format!("Size of {database}"),
        (Lang::Fr, What::DatabaseGone { .. }) => format!("Base {database}"),
        (Lang::En, What::DatabaseGone { .. }) => format!("Database {database}"),
        (_, What::Rows { table, .. } | What::TableGone { table, .. }) if !several => format!("Table {table}"),
        (Lang::Fr, What::Rows { table, .. } | What::TableGone { table, .. }) => {
            format!("Table {table} de {database}")
        }
        (Lang::En, What::Rows { table, .. } | What::TableGone { table, .. }) => {
            format!("Table {table} of {database}")
        }
    }
}

/// A fact in a sentence: `table F_ECRITUREC 4 200 → 120 lignes (−97 %)`.
#[must_use]
pub fn fact(lang: Lang, fact: &Unusual, database: &str, several: bool) -> String {
    let subject = subject(lang, &fact.what, database, several);
    let mut letters = subject.chars();
    let subject: String = letters
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect());
    let share = share(lang, fact.before, fact.now);
    match fact.what {
        What::Bytes { .. } => {
            let (before, now) = (display::size(lang, fact.before), display::size(lang, fact.now));
            format!("{subject} {before} → {now} ({share})")
        }
        What::Rows { .. } => {
            let before = display::number(lang, fact.before);
            format!("{subject} {before} → {} ({share})", row_count(lang, fact.now))
        }
        What::TableGone { .. } => format!("{subject} {} ({})", gone(lang), row_count(lang, fact.before)),
        What::DatabaseGone { .. } => format!("{subject} {} ({})", absent(lang), display::size(lang, fact.before)),
    }
}

/// `4 200 lignes`.
#[must_use]
pub fn row_count(lang: Lang, rows: u64) -> String {
    counted(lang, rows, ["ligne", "lignes"], ["row", "rows"])
}

/// `12 tables, 4 200 lignes`.
#[must_use]
pub fn tables_and_rows(lang: Lang, tables: usize, rows: u64) -> String {
    let tables = counted(lang, tables as u64, ["table", "tables"], ["table", "tables"]);
    format!("{tables}, {}", row_count(lang, rows))
}

/// Who decided, and when.
#[must_use]
pub fn decided(lang: Lang, verdict: Verdict, by: &str, when: &str) -> String {
    match (lang, verdict) {
        (Lang::Fr, Verdict::Accept) => format!("Acceptée par {by} le {when}."),
        (Lang::Fr, Verdict::Reject) => format!("Rejetée par {by} le {when}."),
        (Lang::En, Verdict::Accept) => format!("Accepted by {by} on {when}."),
        (Lang::En, Verdict::Reject) => format!("Rejected by {by} on {when}."),
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::DatabaseId;

    use super::*;

    #[test]
    fn a_fact_is_one_line_with_its_numbers_and_its_share() {
        let database = DatabaseId::parse("compta").unwrap();
        let told = |what, before, now| {
            let unusual = Unusual { what, before, now };
            Lang::ALL.map(|lang| fact(lang, &unusual, "Comptabilité", false).replace(['\u{a0}', '\u{202f}'], " "))
        };
        let table = || "F_ECRITUREC".to_owned();
        let rows = What::Rows {
            database: database.clone(),
            table: table(),
        };
        assert_eq!(
            told(rows.clone(), 4_200, 120),
            [
                "table F_ECRITUREC 4 200 → 120 lignes (−97 %)",
                "table F_ECRITUREC 4,200 → 120 rows (−97%)"
            ]
        );
        assert_eq!(
            told(rows.clone(), 100_000, 1)[0],
            "table F_ECRITUREC 100 000 → 1 ligne (−99 %)"
        );
        assert_eq!(told(rows, 10, 25)[1], "table F_ECRITUREC 10 → 25 rows (+150%)");
        let gone = What::TableGone {
            database: database.clone(),
            table: table(),
        };
        assert_eq!(told(gone, 4_200, 0)[0], "table F_ECRITUREC disparue (4 200 lignes)");
        let bytes = What::Bytes {
            database: database.clone(),
        };
        assert_eq!(
            told(bytes, 120_000_000, 60_000_000)[0],
            "taille de Comptabilité 120 Mo → 60,0 Mo (−50 %)"
        );
        let absent = What::DatabaseGone { database };
        assert_eq!(told(absent, 120_000_000, 0)[1], "database Comptabilité absent (120 MB)");
    }
}
