//! Sentences of BACPAC files: having one made, what its log tells, uploading one.

use domain::display;
use domain::export_log::{
    ChangeKind, DropReason, ExportLog, ImportReport, ImportWarning, LeftOut, ObjectKind, SourceEngine, Weakening,
};
use domain::lang::Lang;

use super::counted;

sentences! {
    crumb { "Bacpac", "Bacpac" }
    short { "Bacpac", "Bacpac" }
    download_backup { "Télécharger la sauvegarde (bacpac)", "Download the backup (bacpac)" }
    lead {
        "Un fichier BACPAC s’ouvre dans SQL Server et Azure SQL. Il est fait à partir de la sauvegarde, jamais de la base en service.",
        "A BACPAC file opens in SQL Server and Azure SQL. It is made from the backup, never from the live database."
    }
    not_made { "Le fichier n’est pas encore prêt", "The file is not ready yet" }
    not_made_more {
        "Sa préparation dure de quelques secondes à quelques minutes, selon la taille. Le site reste utilisable.",
        "Making it takes some seconds to some minutes, depending on its size. The site stays usable."
    }
    make { "Préparer le fichier", "Make the file" }
    make_again { "Préparer de nouveau", "Make it again" }
    is_being_made { "Le fichier se prépare", "The file is being made" }
    is_ready { "Le fichier est prêt", "The file is ready" }
    download_file { "Télécharger le fichier", "Download the file" }
    last_failed { "La dernière préparation n’a pas abouti.", "The last attempt to make it did not succeed." }
    see_process { "Voir le processus", "See the process" }
    made_at { "Préparé", "Made" }
    kept_until { "Gardé jusqu’au", "Kept until" }
    kept_until_note { "Il pourra ensuite être préparé de nouveau.", "After that it can be made again." }
    size { "Taille", "Size" }
    file { "Fichier", "File" }
    log { "Ce que contient le fichier", "What the file holds" }
    lossless { "Aucune valeur n’a été modifiée.", "No value was changed." }
    checked {
        "Le fichier a été relu en entier après son écriture.",
        "The file was read back from end to end after it was written."
    }
    everything_carried { "Tout ce que contient la base y figure.", "Everything the database holds is in it." }
    tables { "Tables", "Tables" }
    table { "Table", "Table" }
    rows { "Lignes", "Rows" }
    columns { "Colonnes", "Columns" }
    changed { "Valeurs modifiées", "Changed values" }
    weakened { "Règles assouplies", "Weakened rules" }
    weakened_note {
        "Les lignes sont complètes\u{202f}; SQL Server les contrôle moins que la base d’origine.",
        "The rows are complete; SQL Server checks them less than the original database did."
    }
    not_carried { "Objets laissés de côté", "Objects left out" }
    not_carried_note {
        "Leur texte figure dans le journal.",
        "Their text is in the log."
    }
    renamed { "Noms changés", "Changed names" }
    warnings { "À savoir", "Worth knowing" }
    json { "Journal complet (JSON)", "Whole log (JSON)" }
    first_rows { "premières lignes\u{a0}: ", "first rows: " }
    and_more { "La suite est dans le journal complet.", "The rest is in the whole log." }
    import { "Importer une sauvegarde (bacpac)", "Import a backup (bacpac)" }
    import_crumb { "Import", "Import" }
    import_lead {
        "Le fichier est contrôlé en entier, puis gardé comme sauvegarde manuelle. La base en service n’est pas touchée.",
        "The file is checked from end to end, then kept as a manual backup. The live database is not touched."
    }
    choose_file { "Fichier BACPAC", "BACPAC file" }
    send { "Envoyer et contrôler", "Send and check" }
    stop { "Interrompre l’envoi", "Stop sending" }
    sending { "Envoi du fichier", "Sending the file" }
    takes_a_slot { "L’import occupe un emplacement de sauvegarde manuelle.", "The import takes a manual backup slot." }
    unfinished { "Envois interrompus", "Uploads that were cut" }
    unfinished_note {
        "Choisissez de nouveau le même fichier\u{a0}: l’envoi reprend où il s’était arrêté.",
        "Choose the same file again: sending goes on where it stopped."
    }
    whole_waiting { "Fichiers reçus", "Received files" }
    check_now { "Contrôler et importer", "Check and import" }
    remove { "Supprimer", "Remove" }
    needs_script {
        "L’envoi d’un fichier demande JavaScript. Sans lui, passez par la commande «\u{a0}coffre bacpac\u{a0}» sur le serveur.",
        "Sending a file needs JavaScript. Without it, use the command “coffre bacpac” on the server."
    }
    no_file { "Choisissez un fichier.", "Choose a file." }
    lost { "La connexion est coupée. L’envoi reprend dès son retour.", "The connection is lost. Sending goes on when it is back." }
    stopped { "L’envoi est interrompu. Ce qui est arrivé est gardé un jour.", "Sending is stopped. What has arrived is kept for a day." }
    told_import { "Ce que contenait le fichier", "What the file held" }
    refused { "Pourquoi le fichier est refusé", "Why the file is refused" }
    refused_note { "Les mots sont ceux du format\u{202f}; transmettez-les à qui a fait le fichier.", "The words are those of the format; pass them on to whoever made the file." }
    written_by { "Écrit par", "Written by" }
    exported_from { "Exporté de", "Exported from" }
    exported_at { "Exporté", "Exported" }
    restored_as_it_was {
        "Les tables ont retrouvé leurs types d’origine.",
        "The tables have their original types again."
    }
    not_told { "non précisé", "not told" }
    imported_from { "Importée de", "Imported from" }
}

/// The heading of a file's page: which database, as it was when.
#[must_use]
pub fn title(lang: Lang, database: &str) -> String {
    match lang {
        Lang::Fr => format!("{database} en bacpac"),
        Lang::En => format!("{database} as bacpac"),
    }
}

/// The heading of the import page.
#[must_use]
pub fn import_title(lang: Lang, database: &str) -> String {
    match lang {
        Lang::Fr => format!("Importer une sauvegarde de {database}"),
        Lang::En => format!("Import a backup of {database}"),
    }
}

/// The limit, in words.
#[must_use]
pub fn at_most(lang: Lang, bytes: u64) -> String {
    let size = display::size(lang, bytes);
    match lang {
        Lang::Fr => format!("{size} au plus. Un envoi coupé reprend où il s’était arrêté."),
        Lang::En => format!("At most {size}. An upload that is cut goes on where it stopped."),
    }
}

/// `3 tables, 12 456 lignes`.
#[must_use]
pub fn content(lang: Lang, tables: u64, rows: u64) -> String {
    format!("{}, {}", table_count(lang, tables), row_count(lang, rows))
}

/// `12 tables`.
#[must_use]
pub fn table_count(lang: Lang, tables: u64) -> String {
    counted(lang, tables, ["table", "tables"], ["table", "tables"])
}

/// `12 456 lignes`.
#[must_use]
pub fn row_count(lang: Lang, rows: u64) -> String {
    counted(lang, rows, ["ligne", "lignes"], ["row", "rows"])
}

/// The sentence at the top of a log.
#[must_use]
pub fn verdict(lang: Lang, changed: u64) -> String {
    if changed == 0 {
        return lossless(lang).to_owned();
    }
    match lang {
        Lang::Fr => counted(
            lang,
            changed,
            ["valeur a été modifiée.", "valeurs ont été modifiées."],
            ["", ""],
        ),
        Lang::En => counted(lang, changed, ["", ""], ["value was changed.", "values were changed."]),
    }
}

/// All tables and rows of an export.
#[must_use]
pub fn export_content(lang: Lang, log: &ExportLog) -> String {
    content(
        lang,
        log.tables.len() as u64,
        log.tables.iter().map(|table| table.rows).sum(),
    )
}

/// All tables and rows of an import.
#[must_use]
pub fn import_content(lang: Lang, report: &ImportReport) -> String {
    let rows = report.tables.iter().map(|table| table.rows).sum();
    content(lang, report.tables.len() as u64, rows)
}

/// The engine on the other side.
#[must_use]
pub const fn engine(engine: SourceEngine) -> &'static str {
    match engine {
        SourceEngine::Sqlite => "SQLite",
        SourceEngine::Postgres => "PostgreSQL",
    }
}

/// How values changed, with their number in front.
#[must_use]
pub fn change(lang: Lang, kind: ChangeKind, count: u64) -> String {
    let what = match kind {
        ChangeKind::InfinityToNull => lang.pick("infini remplacé par NULL", "infinity replaced by NULL"),
        ChangeKind::NanToNull => lang.pick(
            "«\u{a0}pas un nombre\u{a0}» remplacé par NULL",
            "“not a number” replaced by NULL",
        ),
        ChangeKind::InvalidTextReplaced => lang.pick(
            "octets illisibles remplacés par le signe U+FFFD",
            "unreadable bytes replaced by the sign U+FFFD",
        ),
        ChangeKind::DateToNull => lang.pick(
            "date hors des années 1 à 9999 remplacée par NULL",
            "date outside the years 1 to 9999 replaced by NULL",
        ),
        ChangeKind::EndOfDayMoved => lang.pick(
            "24:00 ramené au dernier instant du jour",
            "24:00 moved to the last instant of the day",
        ),
        ChangeKind::FractionCut => lang.pick("décimales de la seconde coupées", "decimals of the second cut off"),
        ChangeKind::OffsetLost => lang.pick("décalage horaire perdu, instant gardé", "offset lost, instant kept"),
        ChangeKind::Rounded => lang.pick("nombre arrondi", "number rounded"),
        ChangeKind::NulRemoved => lang.pick("caractère nul retiré", "null character removed"),
        ChangeKind::SurrogateReplaced => lang.pick(
            "demi-caractère remplacé par le signe U+FFFD",
            "half a character replaced by the sign U+FFFD",
        ),
        ChangeKind::UnstorableToNull => lang.pick(
            "valeur non représentable remplacée par NULL",
            "value that cannot be stored replaced by NULL",
        ),
        ChangeKind::ApostropheAdded => lang.pick(
            "apostrophe ajoutée devant un texte, retirée au retour",
            "apostrophe put in front of a text, taken away on the way back",
        ),
        ChangeKind::InvalidTextAsHex => lang.pick(
            "octets illisibles notés en hexadécimal, rétablis au retour",
            "unreadable bytes told in hexadecimal, made again on the way back",
        ),
    };
    format!("{}\u{a0}× {what}", display::number(lang, count))
}

/// A kind of thing that has a name.
#[must_use]
pub const fn object(lang: Lang, kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Schema => lang.pick("schéma", "schema"),
        ObjectKind::Table => lang.pick("table", "table"),
        ObjectKind::Column => lang.pick("colonne", "column"),
        ObjectKind::Constraint => lang.pick("contrainte", "constraint"),
        ObjectKind::PrimaryKey => lang.pick("clé primaire", "primary key"),
        ObjectKind::Unique => lang.pick("unicité", "unique constraint"),
        ObjectKind::ForeignKey => lang.pick("clé étrangère", "foreign key"),
        ObjectKind::Check => lang.pick("contrôle", "check"),
        ObjectKind::Default => lang.pick("valeur par défaut", "default"),
        ObjectKind::Index => lang.pick("index", "index"),
        ObjectKind::ExpressionIndex => lang.pick("index sur une expression", "index on an expression"),
        ObjectKind::MethodIndex => lang.pick("index d’un autre genre", "index of another kind"),
        ObjectKind::ExclusionConstraint => lang.pick("exclusion", "exclusion constraint"),
        ObjectKind::Sequence => lang.pick("séquence", "sequence"),
        ObjectKind::Identity => lang.pick("compteur", "identity"),
        ObjectKind::Collation => lang.pick("ordre de tri", "collation"),
        ObjectKind::GeneratedColumn => lang.pick("colonne calculée", "generated column"),
        ObjectKind::View => lang.pick("vue", "view"),
        ObjectKind::MaterializedView => lang.pick("vue matérialisée", "materialised view"),
        ObjectKind::Trigger => lang.pick("déclencheur", "trigger"),
        ObjectKind::Function => lang.pick("fonction", "function"),
        ObjectKind::Procedure => lang.pick("procédure", "procedure"),
        ObjectKind::Rule => lang.pick("règle", "rule"),
        ObjectKind::Policy => lang.pick("politique d’accès", "policy"),
        ObjectKind::Type => lang.pick("type", "type"),
        ObjectKind::Domain => lang.pick("domaine", "domain"),
        ObjectKind::Extension => lang.pick("extension", "extension"),
        ObjectKind::Role => lang.pick("rôle", "role"),
        ObjectKind::Grant => lang.pick("droit", "grant"),
        ObjectKind::Comment => lang.pick("commentaire", "comment"),
        ObjectKind::LargeObject => lang.pick("grand objet", "large object"),
        ObjectKind::VirtualTable => lang.pick("table virtuelle", "virtual table"),
        ObjectKind::ShadowTable => lang.pick("table interne", "internal table"),
        ObjectKind::ForeignTable => lang.pick("table distante", "foreign table"),
        ObjectKind::TemporaryTable => lang.pick("table temporaire", "temporary table"),
        ObjectKind::Statistics => lang.pick("statistiques", "statistics"),
        ObjectKind::Other => lang.pick("autre objet", "other object"),
    }
}

/// What happened to a rule.
#[must_use]
pub fn weakening(lang: Lang, what: Weakening) -> String {
    let because = |fr: &str, en: &str, reason| format!("{}{}", lang.pick(fr, en), drop_reason(lang, reason));
    match what {
        Weakening::Dropped(reason) => because("absente\u{a0}: ", "not there: ", reason),
        Weakening::NotTrusted(0) => lang
            .pick(
                "les lignes existantes n’y sont pas soumises",
                "existing rows are not held to it",
            )
            .to_owned(),
        Weakening::NotTrusted(rows) => match lang {
            Lang::Fr => counted(
                lang,
                rows,
                ["ligne ne la respecte pas", "lignes ne la respectent pas"],
                ["", ""],
            ),
            Lang::En => counted(lang, rows, ["", ""], ["row breaks it", "rows break it"]),
        },
        Weakening::UniqueWithoutNulls => lang
            .pick("ne porte pas sur les lignes vides", "leaves rows with NULL aside")
            .to_owned(),
        Weakening::NotClustered => lang
            .pick("trop large pour ordonner les lignes", "too wide to order the rows by")
            .to_owned(),
        Weakening::NotUnique(reason) => because("plus unique\u{a0}: ", "no longer unique: ", reason),
        Weakening::ActionDropped(reason) => because(
            "refuse désormais le changement\u{a0}: ",
            "now refuses the change: ",
            reason,
        ),
        Weakening::CaseSensitivity => lang
            .pick("traite autrement les majuscules", "treats capitals differently")
            .to_owned(),
        Weakening::NotDeferred => lang
            .pick(
                "contrôlée tout de suite, plus en fin de transaction",
                "checked at once, no longer at the end of a transaction",
            )
            .to_owned(),
    }
}

const fn drop_reason(lang: Lang, reason: DropReason) -> &'static str {
    match reason {
        DropReason::KeyTooWide => lang.pick("la clé est trop longue", "the key is too long"),
        DropReason::TooManyColumns => lang.pick("la clé a trop de colonnes", "the key has too many columns"),
        DropReason::TooManyIndexes => lang.pick("il y a trop d’index", "there are too many indexes"),
        DropReason::TrailingSpaces => lang.pick(
            "des clés ne diffèrent que par des espaces finales",
            "keys differ by trailing spaces only",
        ),
        DropReason::TextReplaced => lang.pick("du texte illisible a été remplacé", "unreadable text was replaced"),
        DropReason::Nulls => lang.pick(
            "une colonne de la clé est vide par endroits",
            "a column of the key is NULL in places",
        ),
        DropReason::Type => lang.pick("ce type n’est pas permis dans une clé", "the type cannot be in a key"),
        DropReason::NotTranslated => lang.pick("son expression n’est pas traduite", "its expression is not translated"),
        DropReason::NoReferencedTable => lang.pick("la table visée manque", "the table referred to is missing"),
        DropReason::NoReferencedKey => lang.pick(
            "les colonnes visées ne sont pas une clé",
            "the columns referred to are no key",
        ),
        DropReason::TypesDiffer => lang.pick("les types des deux côtés diffèrent", "the types at both ends differ"),
        DropReason::CascadePaths => lang.pick(
            "deux chemins mèneraient à la même table",
            "two paths would lead to the same table",
        ),
        DropReason::ColumnNotNull => lang.pick("la colonne doit être remplie", "the column must be filled"),
        DropReason::NoCounterpart => lang.pick("sans équivalent", "there is no counterpart"),
        DropReason::RowsBreakIt => lang.pick("des lignes ne la respectent pas", "rows break it"),
    }
}

/// Why an object was left out.
#[must_use]
pub const fn left_out(lang: Lang, reason: LeftOut) -> &'static str {
    match reason {
        LeftOut::KeptAsText => lang.pick(
            "gardé en texte, refait au retour vers la base d’origine",
            "kept as text, made again on the way back to the original engine",
        ),
        LeftOut::NoCounterpart => lang.pick("sans équivalent", "no counterpart"),
        LeftOut::NotRun => lang.pick(
            "les programmes trouvés dans un fichier ne sont pas exécutés",
            "programs found in a file are not run",
        ),
        LeftOut::Internal => lang.pick("refait par la base elle-même", "made again by the engine itself"),
        LeftOut::Refused => lang.pick("refusé par la base", "refused by the engine"),
    }
}

/// What else must be told of an import.
#[must_use]
pub fn warning(lang: Lang, warning: &ImportWarning) -> String {
    let number = |count: &u64| display::number(lang, *count);
    match (warning, lang) {
        (ImportWarning::ContentTypes, Lang::Fr) => {
            "Le fichier n’annonce pas ses données\u{a0}: SQL Server n’en importerait aucune ligne.".to_owned()
        }
        (ImportWarning::ContentTypes, Lang::En) => {
            "The file does not announce its data: SQL Server would import no row of it.".to_owned()
        }
        (ImportWarning::DataWithoutTable(entry), Lang::Fr) => {
            format!("{entry} n’appartient à aucune table et n’a pas été lu.")
        }
        (ImportWarning::DataWithoutTable(entry), Lang::En) => format!("{entry} belongs to no table and was not read."),
        (ImportWarning::NotAPart(entry), Lang::Fr) => {
            format!("{entry} n’est pas nommé comme des données et n’a pas été lu.")
        }
        (ImportWarning::NotAPart(entry), Lang::En) => format!("{entry} is not named as data and was not read."),
        (ImportWarning::UnexpectedNulls { table, count }, Lang::Fr) => {
            format!("{table}\u{a0}: {} valeurs vides là où il n’en faut pas.", number(count))
        }
        (ImportWarning::UnexpectedNulls { table, count }, Lang::En) => {
            format!("{table}: {} NULLs where none is allowed.", number(count))
        }
        (ImportWarning::RowTotal { found, promised }, Lang::Fr) => {
            format!("{} lignes trouvées, {} annoncées.", number(found), number(promised))
        }
        (ImportWarning::RowTotal { found, promised }, Lang::En) => {
            format!("{} rows found, {} promised.", number(found), number(promised))
        }
        (ImportWarning::SourceSchemaIgnored, Lang::Fr) => {
            "Le schéma d’origine joint au fichier ne correspond plus à ses tables\u{a0}: il n’a pas servi.".to_owned()
        }
        (ImportWarning::SourceSchemaIgnored, Lang::En) => {
            "The original schema in the file no longer fits its tables: it was not used.".to_owned()
        }
        (ImportWarning::CaseSensitive { columns }, Lang::Fr) => {
            format!(
                "{} colonnes distinguent désormais majuscules et minuscules.",
                number(columns)
            )
        }
        (ImportWarning::CaseSensitive { columns }, Lang::En) => {
            format!("{} columns now tell capitals from small letters.", number(columns))
        }
        (ImportWarning::UnknownCollation(name), Lang::Fr) => format!(
            "L’ordre de tri {name} n’existe que dans le logiciel d’origine\u{a0}: il doit y refaire ses index (REINDEX)."
        ),
        (ImportWarning::UnknownCollation(name), Lang::En) => {
            format!("Only the original program has the order {name}: it must build its indexes anew (REINDEX).")
        }
        (ImportWarning::DanglingRows { table, count }, Lang::Fr) => {
            format!(
                "{table}\u{a0}: {} lignes renvoient à des lignes absentes.",
                number(count)
            )
        }
        (ImportWarning::DanglingRows { table, count }, Lang::En) => {
            format!("{table}: {} rows refer to rows that do not exist.", number(count))
        }
        (
            ImportWarning::OpaqueValues {
                table,
                column,
                sql_type,
            },
            Lang::Fr,
        ) => {
            format!("{table}, {column}\u{a0}: {sql_type} est gardé tel quel, en octets.")
        }
        (
            ImportWarning::OpaqueValues {
                table,
                column,
                sql_type,
            },
            Lang::En,
        ) => {
            format!("{table}, {column}: {sql_type} is kept as it is, in bytes.")
        }
    }
}
