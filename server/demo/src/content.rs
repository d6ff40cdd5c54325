//! The words of the invented companies: a chart of accounts after the French plan comptable, names, towns, goods.

use jiff::civil::Date;

use crate::dice::Dice;

/// (number, label), six digits as French accounting software pads them.
pub(crate) const ACCOUNTS: [(&str, &str); 48] = [
    ("101000", "Capital social"),
    ("106100", "Réserve légale"),
    ("110000", "Report à nouveau (solde créditeur)"),
    ("120000", "Résultat de l'exercice (bénéfice)"),
    ("164000", "Emprunts auprès des établissements de crédit"),
    ("205000", "Concessions, brevets, licences, logiciels"),
    ("213500", "Installations générales, agencements"),
    ("215400", "Matériel industriel"),
    ("218200", "Matériel de transport"),
    ("218300", "Matériel de bureau et informatique"),
    ("281830", "Amortissements du matériel de bureau et informatique"),
    ("370000", "Stocks de marchandises"),
    ("401000", "Fournisseurs"),
    ("404000", "Fournisseurs d'immobilisations"),
    ("408000", "Fournisseurs, factures non parvenues"),
    ("411000", "Clients"),
    ("416000", "Clients douteux ou litigieux"),
    ("421000", "Personnel, rémunérations dues"),
    ("431000", "Sécurité sociale"),
    ("437000", "Autres organismes sociaux"),
    ("442100", "Prélèvements à la source"),
    ("445510", "TVA à décaisser"),
    ("445660", "TVA déductible sur autres biens et services"),
    ("445710", "TVA collectée"),
    ("455000", "Associés, comptes courants"),
    ("471000", "Comptes d'attente"),
    ("512000", "Banque"),
    ("530000", "Caisse"),
    ("606100", "Fournitures non stockables (eau, énergie)"),
    ("606400", "Fournitures administratives"),
    ("607000", "Achats de marchandises"),
    ("611000", "Sous-traitance générale"),
    ("613200", "Locations immobilières"),
    ("615500", "Entretien et réparations sur biens mobiliers"),
    ("616000", "Primes d'assurance"),
    ("622600", "Honoraires"),
    ("624100", "Transports sur achats"),
    ("625100", "Voyages et déplacements"),
    ("626000", "Frais postaux et de télécommunications"),
    ("627000", "Services bancaires et assimilés"),
    ("635110", "Contribution économique territoriale"),
    ("641100", "Salaires, appointements"),
    ("645100", "Cotisations à l'URSSAF"),
    ("661100", "Intérêts des emprunts et dettes"),
    ("681120", "Dotations aux amortissements sur immobilisations"),
    ("706000", "Prestations de services"),
    ("707000", "Ventes de marchandises"),
    ("708500", "Ports et frais accessoires facturés"),
];

/// (code, label)
pub(crate) const JOURNALS: [(&str, &str); 4] = [
    ("VE", "Ventes"),
    ("AC", "Achats"),
    ("BQ", "Banque"),
    ("OD", "Opérations diverses"),
];

/// (account, what is bought on it)
pub(crate) const EXPENSES: [(&str, &str); 10] = [
    ("606100", "Électricité"),
    ("606400", "Papeterie"),
    ("607000", "Marchandises"),
    ("611000", "Sous-traitance"),
    ("615500", "Réparation"),
    ("622600", "Honoraires"),
    ("624100", "Transport"),
    ("625100", "Déplacement"),
    ("626000", "Télécommunications"),
    ("616000", "Assurance"),
];

/// (revenue account, description, unit price in cents)
pub(crate) const GOODS: [(&str, &str, i64); 24] = [
    ("706000", "Audit énergétique d'un bâtiment", 86_000),
    ("706000", "Maintenance préventive, forfait mensuel", 24_500),
    ("706000", "Intervention d'urgence, première heure", 9_800),
    ("706000", "Intervention, heure supplémentaire", 6_450),
    ("706000", "Formation à la sécurité, demi-journée", 42_000),
    ("706000", "Étude de dimensionnement", 55_000),
    ("706000", "Mise en service et réglages", 31_500),
    ("706000", "Contrôle annuel réglementaire", 18_900),
    ("706000", "Déplacement, zone 2", 3_900),
    ("707000", "Pompe de relevage 1,1 kW", 41_290),
    ("707000", "Vanne à boisseau DN 50", 6_735),
    ("707000", "Tableau électrique 36 modules", 15_480),
    ("707000", "Câble R2V 3G2,5, couronne de 100 m", 11_960),
    ("707000", "Radiateur à inertie 1 500 W", 28_990),
    ("707000", "Chauffe-eau thermodynamique 200 l", 189_900),
    ("707000", "Filtre à air G4, lot de 10", 7_420),
    ("707000", "Sonde de température Pt100", 3_275),
    ("707000", "Thermostat programmable", 8_940),
    ("707000", "Isolant laine de roche 120 mm, palette", 46_800),
    ("707000", "Détecteur de fuite connecté", 12_650),
    ("707000", "Raccord laiton 3/4, sachet de 20", 3_180),
    ("707000", "Luminaire LED étanche 1 200 mm", 4_360),
    ("708500", "Port et emballage", 1_250),
    ("708500", "Livraison sur chantier avec hayon", 7_500),
];

const LAST_NAMES: [&str; 40] = [
    "Martin",
    "Bernard",
    "Dubois",
    "Thomas",
    "Robert",
    "Richard",
    "Petit",
    "Durand",
    "Leroy",
    "Moreau",
    "Simon",
    "Laurent",
    "Lefèvre",
    "Michel",
    "Garcia",
    "David",
    "Bertrand",
    "Roux",
    "Vincent",
    "Fournier",
    "Morel",
    "Girard",
    "André",
    "Mercier",
    "Dupont",
    "Lambert",
    "Bonnet",
    "François",
    "Martinez",
    "Legrand",
    "Garnier",
    "Faure",
    "Rousseau",
    "Blanc",
    "Guérin",
    "Müller",
    "Henry",
    "Roussel",
    "Benali",
    "Nguyen",
];

const FIRST_NAMES: [&str; 32] = [
    "Camille",
    "Louise",
    "Chloé",
    "Inès",
    "Léa",
    "Manon",
    "Zoé",
    "Anaïs",
    "Hélène",
    "Nathalie",
    "Sandrine",
    "Aïcha",
    "Maëlys",
    "Françoise",
    "Élodie",
    "Sophie",
    "Lucas",
    "Hugo",
    "Théo",
    "Jules",
    "Mathéo",
    "Raphaël",
    "Étienne",
    "Benoît",
    "Loïc",
    "François",
    "Karim",
    "Grégory",
    "Thierry",
    "Olivier",
    "Jérôme",
    "Noël",
];

/// (postcode, town)
const TOWNS: [(&str, &str); 24] = [
    ("75011", "Paris"),
    ("69003", "Lyon"),
    ("13006", "Marseille"),
    ("31000", "Toulouse"),
    ("44000", "Nantes"),
    ("67000", "Strasbourg"),
    ("33000", "Bordeaux"),
    ("59800", "Lille"),
    ("35000", "Rennes"),
    ("51100", "Reims"),
    ("42000", "Saint-Étienne"),
    ("21000", "Dijon"),
    ("38000", "Grenoble"),
    ("49000", "Angers"),
    ("30900", "Nîmes"),
    ("63000", "Clermont-Ferrand"),
    ("29200", "Brest"),
    ("87000", "Limoges"),
    ("64000", "Pau"),
    ("25000", "Besançon"),
    ("94240", "L'Haÿ-les-Roses"),
    ("73000", "Chambéry"),
    ("17000", "La Rochelle"),
    ("68100", "Mulhouse"),
];

const STREETS: [&str; 16] = [
    "rue de la République",
    "avenue Jean-Jaurès",
    "boulevard Victor-Hugo",
    "rue des Tilleuls",
    "impasse du Moulin",
    "place de l'Église",
    "chemin des Vignes",
    "rue Pasteur",
    "quai des Chartrons",
    "zone artisanale des Prés",
    "rue du Général-Leclerc",
    "allée des Érables",
    "rue de l'Abbé-Grégoire",
    "route de la Forêt",
    "rue Marie-Curie",
    "cours Gambetta",
];

const TRADES: [&str; 16] = [
    "Menuiserie",
    "Boulangerie",
    "Garage",
    "Pharmacie",
    "Plomberie",
    "Imprimerie",
    "Électricité",
    "Transports",
    "Hôtel",
    "Maçonnerie",
    "Clinique",
    "Fonderie",
    "Pépinières",
    "Laboratoire",
    "Copropriété",
    "Carrosserie",
];

/// (job, monthly gross in cents at the start)
pub(crate) const JOBS: [(&str, i64); 12] = [
    ("Technicien de maintenance", 231_000),
    ("Électricien", 224_500),
    ("Chauffagiste", 238_000),
    ("Assistante administrative", 206_500),
    ("Comptable", 271_000),
    ("Conducteur de travaux", 334_000),
    ("Magasinier", 198_500),
    ("Chargée d'affaires", 362_000),
    ("Ingénieur d'études", 389_000),
    ("Chauffeur-livreur", 201_000),
    ("Apprenti", 118_500),
    ("Responsable d'agence", 448_000),
];

/// (label, share of the gross in millionths); rates of the general French scheme, rounded to what a payslip prints.
pub(crate) const DEDUCTIONS: [(&str, i64); 8] = [
    ("Assurance vieillesse plafonnée", 69_000),
    ("Assurance vieillesse déplafonnée", 4_000),
    ("Retraite complémentaire T1", 31_500),
    ("Contribution d'équilibre général T1", 8_600),
    ("Prévoyance", 6_200),
    ("CSG déductible", 66_810),
    ("CSG/CRDS non déductible", 28_493),
    ("Prélèvement à la source", 31_000),
];

pub(crate) const ABSENCES: [&str; 6] = [
    "Congés payés",
    "RTT",
    "Arrêt maladie",
    "Formation",
    "Congé parental",
    "Congé sans solde",
];

pub(crate) struct Address {
    pub(crate) street: String,
    pub(crate) postcode: &'static str,
    pub(crate) city: &'static str,
}

pub(crate) fn address(dice: &mut Dice) -> Address {
    let (postcode, city) = dice.pick(&TOWNS);
    Address {
        street: format!("{} {}", dice.between(1, 180), dice.pick(&STREETS)),
        postcode,
        city,
    }
}

pub(crate) fn last_name(dice: &mut Dice) -> &'static str {
    dice.pick(&LAST_NAMES)
}

pub(crate) fn first_name(dice: &mut Dice) -> &'static str {
    dice.pick(&FIRST_NAMES)
}

pub(crate) fn company(dice: &mut Dice) -> String {
    let (trade, name) = (dice.pick(&TRADES), last_name(dice));
    match dice.between(0, 3) {
        0 => format!("{trade} {name} SARL"),
        1 => format!("{name} & Fils"),
        2 => format!("{trade} {name} et {}", last_name(dice)),
        _ => format!("{trade} {name}"),
    }
}

/// An address in a domain reserved for examples.
pub(crate) fn email(id: i64) -> String {
    format!("contact-{id}@client.example")
}

/// `1 234,56 €`
pub(crate) fn euros(cents: i64) -> String {
    let (sign, euros, rest) = (if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100);
    match euros {
        0..1_000 => format!("{sign}{euros},{rest:02} €"),
        1_000..1_000_000 => format!("{sign}{} {:03},{rest:02} €", euros / 1_000, euros % 1_000),
        _ => format!(
            "{sign}{} {:03} {:03},{rest:02} €",
            euros / 1_000_000,
            euros / 1_000 % 1_000,
            euros % 1_000
        ),
    }
}

/// `02/05/2025`
pub(crate) fn day(date: Date) -> String {
    format!("{:02}/{:02}/{:04}", date.day(), date.month(), date.year())
}
