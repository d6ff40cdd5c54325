//! The catalogue keeps its rules: both languages, refusals short enough for a line under a button, French spaces.

use domain::account::Role;
use domain::failure::{Cause, Failure};
use domain::ids::BackupId;
use domain::lang::Lang;
use domain::process::ProcessKind;
use domain::refusal::{Field, OldestManual, Refusal};
use domain::restore::Scope;
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
    let oldest = OldestManual {
        t0: Timestamp(1_795_514_400_000),
        bytes: 1_120_000_000,
    };
    for (kept, reserved, oldest) in [(5, 0, Some(oldest.clone())), (3, 2, Some(oldest)), (0, 5, None)] {
        all.push(Refusal::QuotaReached {
            kept,
            reserved,
            quota: 5,
            oldest,
        });
    }
    let fields = [
        Field::Email,
        Field::Password,
        Field::Name,
        Field::Reason,
        Field::Confirmation,
        Field::Backup,
        Field::Scope,
        Field::Id,
    ];
    all.extend(fields.map(|field| Refusal::Invalid { field }));
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
    let oldest = Some(OldestManual {
        t0: Timestamp(1_787_900_000_000),
        bytes: 1,
    });
    let refusal = Refusal::QuotaReached {
        kept: 5,
        reserved: 0,
        quota: 5,
        oldest,
    };
    let text = refusals::sentence(Lang::Fr, &refusal, &Zone::utc()).replace('\u{a0}', " ");
    let wanted =
        "5 sauvegardes manuelles sur 5. La plus ancienne est du 28 août. Votre hébergeur peut augmenter ce nombre.";
    assert_eq!(text, wanted);
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
            assert!(failures::to_do(lang, cause).ends_with('.'));
        }
        for kind in [ProcessKind::ManualBackup, night.clone(), restore.clone()] {
            assert!(failures::kept(lang, &kind).ends_with('.'));
        }
    }
    for cause in Cause::ALL {
        assert_ne!(failures::cause(Lang::Fr, cause), failures::cause(Lang::En, cause));
        assert_ne!(failures::to_do(Lang::Fr, cause), failures::to_do(Lang::En, cause));
    }
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
        include_str!("backups.rs"),
        include_str!("common.rs"),
        include_str!("errors.rs"),
        include_str!("failures.rs"),
        include_str!("processes.rs"),
        include_str!("refusals.rs"),
        include_str!("restore.rs"),
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
