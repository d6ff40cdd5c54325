//! The body of a webhook: `{"type", "timestamp", "data"}`, as the Standard Webhooks text has it. Facts for programs, and one
//! line for people. A key that is there stays: receivers build on it.

use control::ports::alert_channel::Letter;
use domain::alert::Matter;
use domain::failure::Failure;
use domain::time::{Timestamp, Zone};
use serde_json::{Map, Value, json};

use crate::wording::Wording;

/// The body for a letter; the same at every attempt while the site keeps its names.
pub(crate) fn body(letter: &Letter, wording: &Wording) -> Vec<u8> {
    let matter = &letter.alert.matter;
    let mut data = facts(matter);
    data.insert("severity".to_owned(), json!(matter.severity().word()));
    data.insert("summary".to_owned(), json!(wording.summary(letter)));
    if let Some(site) = &letter.site {
        let customer = json!({ "id": site.customer, "name": site.customer_name });
        let about = json!({ "id": site.id, "code": site.code, "name": site.name, "customer": customer });
        data.insert("site".to_owned(), about);
    }
    if let Some(link) = wording.link(letter) {
        data.insert("link".to_owned(), json!(link));
    }
    let whole = json!({ "type": matter.word(), "timestamp": moment(letter.alert.raised_at), "data": data });
    whole.to_string().into_bytes()
}

fn facts(matter: &Matter) -> Map<String, Value> {
    let facts = match matter {
        Matter::Silent { silence } => json!({ "last_backup_at": silence.last.map(moment) }),
        Matter::GlassBroken { process, by, reason } => json!({ "process": process, "by": by, "reason": reason }),
        Matter::NightFailed {
            process,
            business_date,
            failure,
        } => json!({ "process": process, "business_date": business_date.to_string(), "failure": failed(failure) }),
        Matter::Unusual {
            backup,
            t0,
            business_date,
            facts,
        } => json!({
            "backup": backup,
            "t0": moment(*t0),
            "business_date": business_date.map(|date| date.to_string()),
            "facts": facts,
        }),
        Matter::RestoreFailed { process, failure } | Matter::ExpiryFailed { process, failure } => {
            json!({ "process": process, "failure": failed(failure) })
        }
        Matter::SilenceOver | Matter::Test => json!({}),
    };
    match facts {
        Value::Object(facts) => facts,
        _ => Map::new(),
    }
}

fn failed(failure: &Failure) -> Value {
    json!({ "cause": failure.cause, "database": failure.database, "reference": failure.reference })
}

fn moment(at: Timestamp) -> String {
    Zone::utc().rfc3339(at)
}
