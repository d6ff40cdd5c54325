//! In which language alerts are told, and where their links lead.

use app::i18n::alerts::{self, Told};
use app::paths;
use control::ports::alert_channel::Letter;
use domain::alert::Matter;
use domain::lang::Lang;

/// The host's choice for every channel.
#[derive(Debug, Clone, Default)]
pub struct Wording {
    /// The language of subjects and texts.
    pub language: Lang,
    /// Where people open the console, such as `https://backup.example.org`; without it there are no links.
    pub public_url: Option<String>,
}

impl Wording {
    /// The address of the page of the letter's site.
    pub(crate) fn link(&self, letter: &Letter) -> Option<String> {
        let (url, site) = (self.public_url.as_deref()?, letter.site.as_ref()?);
        Some(format!("{}{}", url.trim_end_matches('/'), paths::site(&site.id)))
    }

    /// One line for people.
    pub(crate) fn summary(&self, letter: &Letter) -> String {
        one_line(&alerts::summary(self.language, &told(letter, None)))
    }

    /// Subject and text of an e-mail.
    pub(crate) fn mail(&self, letter: &Letter) -> (String, String) {
        let link = self.link(letter);
        let mut letter = letter.clone();
        if let Some(site) = &mut letter.site {
            (site.name, site.code) = (one_line(&site.name), one_line(&site.code));
        }
        if let Matter::GlassBroken { by, .. } = &mut letter.alert.matter {
            *by = one_line(by);
        }
        let told = told(&letter, link.as_deref());
        let subject = one_line(&alerts::subject(self.language, &told));
        let text = alerts::text(self.language, &told).replace("\r\n", "\n");
        (
            subject,
            text.replace(|sign: char| sign.is_control() && sign != '\n', " "),
        )
    }
}

fn told<'a>(letter: &'a Letter, link: Option<&'a str>) -> Told<'a> {
    Told {
        matter: &letter.alert.matter,
        site: letter.site.as_ref(),
        raised_at: letter.alert.raised_at,
        link,
    }
}

/// Names are whatever the operator declared: in a header nothing may end the line.
fn one_line(text: &str) -> String {
    let ends = |sign: char| sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}');
    text.replace(ends, " ")
}
