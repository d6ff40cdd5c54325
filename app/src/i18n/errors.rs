//! Sentences of the pages that say no: not found, refused, failed, out of reach.

sentences! {
    not_found { "Page introuvable", "Page not found" }
    not_found_lead {
        "Cette page n’existe pas, ou ne vous est pas ouverte.",
        "This page does not exist, or is not open to you."
    }
    not_found_help {
        "Vérifiez l’adresse, ou repartez de la liste de vos sites.",
        "Check the address, or start again from the list of your sites."
    }
    to_sites { "Voir mes sites", "See my sites" }
    failed { "Cette page n’a pas pu être affichée", "This page could not be shown" }
    failed_lead {
        "Un incident s’est produit sur la console. Il est enregistré sous la référence ci-dessous.",
        "Something went wrong in the console. It is recorded under the reference below."
    }
    failed_kept { "Vos sauvegardes ne sont pas touchées.", "Your backups are not affected." }
    failed_kept_more { " Seul l’affichage a échoué.", " Only the display has failed." }
    failed_site { "Votre site n’est pas concerné.", "Your site is not concerned." }
    failed_site_more {
        " Il fonctionne à part de cette console.",
        " It runs apart from this console."
    }
    retry { "Réessayer", "Try again" }
    reference { "À donner au téléphone si le problème dure", "To give on the telephone if the problem lasts" }
    unreachable { "La console ne répond pas", "The console does not answer" }
    unreachable_lead {
        "La connexion est coupée ou la console redémarre. Cette page reviendra d’elle-même.",
        "The connection is down or the console is restarting. This page comes back by itself."
    }
    refused { "Cela ne vous est pas ouvert", "This is not open to you" }
    signed_out { "Votre session est terminée", "Your session has ended" }
    sign_in_beside { "Se connecter dans un autre onglet", "Sign in in another tab" }
    not_done { "Rien n’a été fait.", "Nothing was done." }
    failed_act {
        "La demande a échoué\u{202f}; rien n’a été lancé. Référence\u{a0}: ",
        "The request failed; nothing was started. Reference: "
    }
    unreachable_act {
        "La console n’a pas répondu. Vérifiez la liste des processus avant de recommencer.",
        "The console did not answer. Look at the list of processes before you try again."
    }
}
