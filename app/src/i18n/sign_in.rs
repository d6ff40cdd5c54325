//! Sentences of the sign-in page.

use domain::lang::Lang;

use super::counted;

sentences! {
    title { "Connexion", "Sign in" }
    email { "Adresse électronique", "E-mail address" }
    password { "Mot de passe", "Password" }
    submit { "Se connecter", "Sign in" }
    promise { "Vos bases, gardées et retrouvables.", "Your databases, kept and within reach." }
    promise_more {
        "Une sauvegarde chaque nuit, une de plus quand vous le décidez, et vous suivez chacune jusqu’à 100\u{202f}%.",
        "A backup every night, one more whenever you decide, and you follow each of them to 100%."
    }
    console { "Console de sauvegarde de vos logiciels hébergés", "Backup console of your hosted software" }
    no_access {
        "Pas encore d’accès\u{202f}? Demandez-le à l’administrateur de votre société ou à votre partenaire.",
        "No access yet? Ask your company’s administrator or your partner."
    }
    demo { "Comptes de démonstration", "Demo accounts" }
    demo_hint {
        "Cette console est une démonstration\u{a0}: choisissez un rôle, le mot de passe est déjà rempli.",
        "This console is a demo: choose a role, the password is already filled in."
    }
    wrong { "Adresse ou mot de passe incorrect.", "Wrong address or password." }
    failed {
        "La connexion n’a pas pu être vérifiée. Réessayez\u{202f}; si cela dure, donnez cette référence à l’hébergeur\u{a0}: ",
        "Your sign-in could not be checked. Try again; if it lasts, give this reference to the host: "
    }
    sign_in_first { "Connectez-vous pour continuer.", "Sign in to continue." }
}

/// Too many wrong passwords.
#[must_use]
pub fn wait(lang: Lang, seconds: u32) -> String {
    let (count, fr, en) = if seconds < 90 {
        (seconds.max(1), ["seconde", "secondes"], ["second", "seconds"])
    } else {
        (seconds.div_ceil(60), ["minute", "minutes"], ["minute", "minutes"])
    };
    let wait = counted(lang, u64::from(count), fr, en);
    match lang {
        Lang::Fr => format!("Trop d’essais. Réessayez dans {wait}."),
        Lang::En => format!("Too many tries. Try again in {wait}."),
    }
}
