//! The catalogue keeps its rules: both languages, refusals short enough for a line under a button, French spaces.

use domain::account::Role;
use domain::failure::{Cause, Failure};
use domain::ids::BackupId;
use domain::lang::Lang;
use domain::process::ProcessKind;
use domain::refusal::{Field, FreedBy, OldestManual, Refusal};
use domain::restore::Scope;
use domain::retention::{Expire, Keep, Policy, Terms};
use domain::schedule::Schedule;
use domain::time::{CivilDate, Timestamp, Zone};

use super::*;

/// The longest names one meets.
const PERSON: &str = "Marie-Hélène de La Rochefoucauld";
const FIRM: &str = "Ardoise Informatique & Conseil de Bourgogne";

fn refusals() -> Vec<Refusal> {
    let administrator = || [None, Some(PERSON.to_owned())];
    let mut all = vec![
        Refusal::NotSignedIn,
        Refusal::NotFound,
        Refusal::WrongCredentials,
        Refusal::TooManyTries { wait_secs: 1 },
        Refusal::TooManyTries { wait_secs: 900 },
        Refusal::RestoredByOthers { partner: None },
        Refusal::RestoredByOthers {
            partner: Some(FIRM.to_owned()),
        },
        Refusal::OperatorOnly,
        Refusal::SiteRestoring,
        Refusal::BackupInUse,
        Refusal::NotManual,
        Refusal::NotAutomatic,
        Refusal::NotUnusual,
        Refusal::TooLate,
    ];
    for administrator in administrator() {
        all.push(Refusal::ReadOnly {
            administrator: administrator.clone(),
        });
        all.push(Refusal::NotDelegated {
            administrator: administrator.clone(),
        });
        all.push(Refusal::NeedsRequest {
            administrator: administrator.clone(),
        });
        all.push(Refusal::NotForPartners {
            administrator: administrator.clone(),
        });
        all.push(Refusal::ClientOnly { administrator });
    }
    all.extend(Role::ALL.map(|role| Refusal::NotThisRole { role }));
    let named = [None, Some(PERSON.to_owned())].map(FreedBy::Administrator);
    let freed_by = || [FreedBy::You].into_iter().chain(named.clone());
    let oldest = [None, Some(CivilDate::from_days(20_000))]
        .into_iter()
        .map(|night| OldestManual::new(Timestamp(1_795_514_400_000), 1_120_000_000, night))
        .flat_map(|oldest| {
            freed_by().map(move |freed_by| OldestManual {
                freed_by,
                ..oldest.clone()
            })
        });
    let full = |(kept, reserved, oldest)| Refusal::QuotaReached {
        kept,
        reserved,
        quota: 5,
        oldest,
    };
    all.extend(oldest.flat_map(|oldest| [(5, 0, Some(oldest.clone())), (3, 2, Some(oldest)), (0, 5, None)].map(full)));
    let fields = [
        Field::Email,
        Field::Password,
        Field::Name,
        Field::Reason,
        Field::Confirmation,
        Field::Backup,
        Field::Scope,
        Field::Id,
        Field::NightStart,
        Field::NightWindow,
        Field::Retention,
    ];
    all.extend(fields.map(|field| Refusal::Invalid { field }));
    for (start, window) in [(1_440, 60), (715, 60), (660, 120), (0, 14)] {
        all.extend(Schedule::new(start, window).err().map(Refusal::OutOfRange));
    }
    for terms in [[0, 1, 1, 7], [7, 61, 1, 7], [7, 1, 11, 7], [7, 1, 1, 91]] {
        let [days, months, years, safety_days] = terms;
        let terms = Terms {
            days,
            months,
            years,
            safety_days,
        };
        all.extend(Policy::new(terms).err().map(Refusal::OutOfRange));
    }
    all
}

#[test]
fn every_refusal_has_a_sentence_of_at_most_160_signs_in_both_languages() {
    for refusal in refusals() {
        let [fr, en] = Lang::ALL.map(|lang| refusals::sentence(lang, &refusal, &Zone::utc()));
        assert_ne!(fr, en, "{refusal:?}");
        for text in [fr, en] {
            let signs = text.chars().count();
            assert!((10..=160).contains(&signs), "{signs} signs: {text}");
            assert!(text.ends_with('.'), "{text}");
        }
    }
}

#[test]
fn a_full_quota_names_the_rule_the_numbers_and_the_cheapest_way_out() {
    let told = |lang, night, freed_by| {
        let oldest = OldestManual {
            freed_by,
            ..OldestManual::new(Timestamp(1_794_484_800_000), 14_000_000, night)
        };
        let refusal = Refusal::QuotaReached {
            kept: 5,
            reserved: 0,
            quota: 5,
            oldest: Some(oldest),
        };
        refusals::sentence(lang, &refusal, &Zone::utc()).replace(['\u{a0}', '\u{202f}'], " ")
    };
    let night = CivilDate {
        year: 2026,
        month: 9,
        day: 30,
    };
    let administrator = || FreedBy::Administrator(Some("Claire Morel".to_owned()));
    for (lang, night, freed_by, wanted) in [
        (
            Lang::Fr,
            None,
            FreedBy::You,
            "5 sauvegardes manuelles sur 5. Supprimez-en une, par exemple celle du 12 novembre, 14 Mo.",
        ),
        (
            Lang::En,
            None,
            FreedBy::You,
            "5 manual backups of 5. Delete one, for example the one of 12 November, 14 MB.",
        ),
        (
            Lang::Fr,
            None,
            administrator(),
            "5 sauvegardes manuelles sur 5. Claire Morel peut en supprimer une, par exemple celle du 12 novembre, 14 Mo.",
        ),
        (
            Lang::En,
            None,
            administrator(),
            "5 manual backups of 5. Claire Morel can delete one, for example the one of 12 November, 14 MB.",
        ),
        (
            Lang::Fr,
            Some(night),
            FreedBy::You,
            "5 sauvegardes manuelles sur 5. Libérez un emplacement, par exemple en ne conservant plus celle du 30 septembre, 14 Mo.",
        ),
        (
            Lang::En,
            Some(night),
            FreedBy::You,
            "5 manual backups of 5. Free a slot, for example by no longer keeping the one of 30 September, 14 MB.",
        ),
    ] {
        assert_eq!(told(lang, night, freed_by), wanted);
    }
}

#[test]
fn every_cause_tells_what_happened_what_was_kept_and_what_to_do() {
    let restore = ProcessKind::Restore {
        backup: BackupId::from_random([1; 10]),
        t0: Timestamp(0),
        scope: Scope::Site,
        database_name: None,
    };
    let night = ProcessKind::NightlyBackup {
        business_date: CivilDate::from_days(20_000),
    };
    let kinds = [ProcessKind::ManualBackup, night, restore, ProcessKind::Expiry];
    for lang in Lang::ALL {
        let mut seen = std::collections::HashSet::new();
        for cause in Cause::ALL {
            let failure = Failure {
                cause,
                database: Some("Paie".to_owned()),
                reference: "CF-1".to_owned(),
            };
            assert!(failures::happened(lang, &failure).starts_with("Paie"));
            assert!(
                seen.insert(failures::cause(lang, cause)),
                "{cause:?} has the sentence of another"
            );
            for kind in &kinds {
                assert!(failures::to_do_of(lang, kind, cause).ends_with('.'));
            }
        }
        for kind in &kinds {
            assert!(failures::kept(lang, kind).ends_with('.'));
        }
        // Nobody starts an expiry again, and nothing is chosen for it.
        assert!(
            !failures::to_do_of(lang, &ProcessKind::Expiry, Cause::StoredDataDamaged)
                .contains(lang.pick("Choisissez", "Choose"))
        );
    }
    for cause in Cause::ALL {
        assert_ne!(failures::cause(Lang::Fr, cause), failures::cause(Lang::En, cause));
        for kind in &kinds {
            let [fr, en] = Lang::ALL.map(|lang| failures::to_do_of(lang, kind, cause));
            assert_ne!(fr, en);
        }
    }
}

#[test]
fn every_reason_to_stay_and_to_go_has_a_sentence_of_its_own_in_both_languages() {
    let by = BackupId::from_random([1; 10]);
    let daily = |place, of| Keep::Daily { place, of };
    let october = Keep::Monthly { year: 2026, month: 10 };
    let march = Keep::Monthly { year: 2026, month: 3 };
    let until = Timestamp(1_795_514_400_000);
    let keeps = [
        Keep::Manual,
        Keep::Promoted,
        daily(1, 1),
        daily(1, 7),
        daily(3, 7),
        october,
        march,
        Keep::Yearly { year: 2025 },
        Keep::Safety { until },
        Keep::LastGood,
        Keep::Undecided,
        Keep::Frozen { by },
        Keep::SetAside { younger: 1, of: 7 },
        Keep::SetAside { younger: 0, of: 1 },
        Keep::Ahead,
    ];
    let by = CivilDate::from_days(20_000);
    let expires = [
        Expire::OlderThanDays { days: 1 },
        Expire::OlderThanDays { days: 7 },
        Expire::MonthReplaced { months: 1, by },
        Expire::MonthReplaced { months: 3, by },
        Expire::YearReplaced { years: 1, by },
        Expire::YearReplaced { years: 3, by },
        Expire::SafetyOver { days: 1 },
        Expire::SafetyOver { days: 7 },
        Expire::SetAside { days: 1 },
        Expire::SetAside { days: 7 },
    ];
    let mut seen = std::collections::HashSet::new();
    for lang in Lang::ALL {
        let named = |_: &BackupId| "lundi".to_owned();
        let kept = keeps
            .iter()
            .map(|keep| retention::keep(lang, keep, &Zone::utc(), named));
        let gone = expires.iter().map(|expire| retention::expire(lang, expire));
        for text in kept.chain(gone) {
            assert!((10..=160).contains(&text.chars().count()), "{text}");
            assert!(!text.ends_with('.'), "a part of a line, not a sentence: {text}");
            assert!(seen.insert(text.clone()), "{text:?} stands for two reasons");
        }
    }
    assert_eq!(seen.len(), 2 * (keeps.len() + expires.len()));
    let octobre = retention::keep(Lang::Fr, &keeps[5], &Zone::utc(), |_| String::new());
    assert_eq!(octobre.replace('\u{a0}', " "), "Fin de mois d’octobre 2026");
}

#[test]
fn the_rule_is_told_in_words_with_its_plurals() {
    let told = |lang, [days, months, years, safety_days]: [u32; 4]| {
        let terms = Terms {
            days,
            months,
            years,
            safety_days,
        };
        retention::rule(lang, terms).replace(['\u{a0}', '\u{202f}'], " ")
    };
    assert_eq!(
        told(Lang::Fr, [7, 1, 1, 7]),
        "7 dernières nuits, 1 fin de mois, 1 fin d’année, sauvegardes d’avant restauration 7 jours"
    );
    assert_eq!(
        told(Lang::Fr, [1, 0, 3, 1]),
        "dernière nuit, aucune fin de mois, 3 fins d’année, sauvegardes d’avant restauration 1 jour"
    );
    assert_eq!(
        told(Lang::En, [7, 1, 0, 1]),
        "last 7 nights, 1 month-end, no year-end, backups before a restore 1 day"
    );
}

#[test]
fn every_alert_has_a_subject_and_says_what_to_do_or_that_nothing_is() {
    use domain::alert::Matter;
    use domain::ids::ProcessId;
    use domain::nights::Silence;
    let last = Timestamp(1_795_500_000_000);
    let raised_at = last.plus(std::time::Duration::from_secs(27 * 3_600 + 5));
    let process = ProcessId::from_random([1; 10]);
    let failure = Failure {
        cause: Cause::StorageFull,
        database: None,
        reference: "CF-1".to_owned(),
    };
    let silent = |last| Matter::Silent {
        silence: Silence { last, from: raised_at },
    };
    let all = [
        silent(Some(last)),
        silent(None),
        Matter::SilenceOver,
        Matter::GlassBroken {
            process: process.clone(),
            by: PERSON.to_owned(),
            reason: "disque".to_owned(),
        },
        Matter::NightFailed {
            process: process.clone(),
            business_date: CivilDate::from_days(20_000),
            failure: failure.clone(),
        },
        Matter::Unusual {
            backup: BackupId::from_random([2; 10]),
            t0: last,
            business_date: Some(CivilDate::from_days(20_000)),
            facts: vec![domain::anomaly::Unusual {
                what: domain::anomaly::What::Rows {
                    database: domain::ids::DatabaseId::parse("compta").unwrap(),
                    table: "F_ECRITUREC".to_owned(),
                },
                before: 4_200,
                now: 120,
            }],
        },
        Matter::RestoreFailed {
            process: process.clone(),
            failure: failure.clone(),
        },
        Matter::ExpiryFailed { process, failure },
        Matter::Test,
    ];
    let mut seen = std::collections::HashSet::new();
    for matter in &all {
        for lang in Lang::ALL {
            let told = alerts::Told {
                matter,
                site: None,
                raised_at,
                link: None,
            };
            let (subject, text) = (alerts::subject(lang, &told), alerts::text(lang, &told));
            assert!(seen.insert(subject.clone()), "{subject} is another's too");
            assert!((15..=78).contains(&subject.chars().count()), "{subject}");
            let acts = [alerts::to_do(lang), alerts::over_more(lang), alerts::test_text(lang)];
            assert!(acts.iter().any(|act| text.contains(act)), "{text}");
        }
    }
    let told = alerts::Told {
        matter: &all[0],
        site: None,
        raised_at,
        link: None,
    };
    assert_eq!(
        alerts::subject(Lang::Fr, &told).replace('\u{a0}', " "),
        "Coffre : un site est sans sauvegarde depuis 27 h"
    );
}

#[test]
fn plurals_follow_each_language() {
    let count = |lang, n| counted(lang, n, ["site", "sites"], ["site", "sites"]).replace('\u{202f}', " ");
    assert_eq!([0, 1, 2].map(|n| count(Lang::Fr, n)), ["0 site", "1 site", "2 sites"]);
    assert_eq!([0, 1, 2].map(|n| count(Lang::En, n)), ["0 sites", "1 site", "2 sites"]);
    assert_eq!(and(Lang::Fr, &["A".into(), "B".into(), "C".into()]), "A, B et C");
}

/// The text between quotes on a line of source that is no comment.
fn literals(line: &str) -> Vec<&str> {
    if line.trim_start().starts_with("//") {
        Vec::new()
    } else {
        line.split('"').skip(1).step_by(2).collect()
    }
}

#[test]
fn no_sentence_breaks_a_line_before_its_punctuation() {
    let sources = [
        include_str!("alerts.rs"),
        include_str!("backups.rs"),
        include_str!("cancelling.rs"),
        include_str!("common.rs"),
        include_str!("errors.rs"),
        include_str!("failures.rs"),
        include_str!("keeping.rs"),
        include_str!("nights.rs"),
        include_str!("processes.rs"),
        include_str!("refusals.rs"),
        include_str!("restore.rs"),
        include_str!("retention.rs"),
        include_str!("sign_in.rs"),
        include_str!("site.rs"),
        include_str!("sites.rs"),
    ];
    for text in sources.iter().flat_map(|source| source.lines()).flat_map(literals) {
        for wrong in [" ;", " !", " ?", " :", " %", "« ", " »", "'"] {
            assert!(!text.contains(wrong), "{wrong:?} in {text:?}");
        }
        assert!(!text.contains('…') || text.ends_with('…'), "{text:?}");
    }
}
