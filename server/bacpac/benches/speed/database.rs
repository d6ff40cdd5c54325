//! The database that the speed is measured on: narrow rows of numbers, dates and short texts, long texts, and binaries that
//! cannot be compressed. Deterministic. A table repeats one group of rows, which is far longer than deflate can look back, so a
//! database of any size is made from little memory and compresses as if no row came twice; short enough for its values to lie near
//! the core, as those do that an export has just read.
use bacpac::{Column, Decimal, Field, MaxForm, Model, RowEncoder, SqlType, Table, Value};

/// Some rows of one table, and the bytes that they are encoded to.
pub struct Group {
    pub rows: Vec<Vec<Value>>,
    pub bytes: Vec<u8>,
}

/// The model and one group for each of its tables. All groups together have about 1 MB: 60 % narrow rows, 30 % long texts, 10 %
/// binaries.
pub fn database() -> (Model, Vec<Group>) {
    let words = Words::new();
    let orders = table(
        "Orders",
        &[
            ("Id", SqlType::BigInt, false),
            ("CustomerId", SqlType::Int, false),
            ("Status", SqlType::NVarChar(20), false),
            ("Customer", SqlType::NVarChar(80), true),
            ("City", SqlType::NVarChar(40), true),
            (
                "Total",
                SqlType::Decimal {
                    precision: 19,
                    scale: 4,
                },
                false,
            ),
            ("Weight", SqlType::Float, true),
            ("Placed", SqlType::DateTime2 { scale: 7 }, false),
            ("Due", SqlType::Date, true),
            ("Paid", SqlType::Bit, false),
            ("Reference", SqlType::UniqueIdentifier, false),
        ],
    );
    let notes = table(
        "Notes",
        &[
            ("Id", SqlType::BigInt, false),
            ("Subject", SqlType::NVarChar(200), true),
            ("Body", SqlType::NVarCharMax, true),
        ],
    );
    let pictures = table(
        "Pictures",
        &[("Id", SqlType::Int, false), ("Content", SqlType::VarBinaryMax, true)],
    );
    let groups = vec![
        group(&orders, 600_000, |number| order(&words, number)),
        group(&notes, 300_000, |number| note(&words, number)),
        group(&pictures, 100_000, picture),
    ];
    let model = Model {
        tables: vec![orders, notes, pictures],
        ..Model::default()
    };
    (model, groups)
}

fn table(name: &str, columns: &[(&str, SqlType, bool)]) -> Table {
    let column = |(name, sql_type, nullable): &(&str, SqlType, bool)| Column {
        field: Field::new(*name, sql_type.clone(), *nullable),
        declared: String::new(),
        collation: None,
        identity: None,
        generated_always: false,
    };
    Table {
        schema: "dbo".to_owned(),
        name: name.to_owned(),
        columns: columns.iter().map(column).collect(),
        ..Table::default()
    }
}

fn group(table: &Table, size: usize, mut row: impl FnMut(u64) -> Vec<Value>) -> Group {
    let encoder = RowEncoder::new(&table.fields(), MaxForm::Plain);
    let mut group = Group {
        rows: Vec::new(),
        bytes: Vec::new(),
    };
    while group.bytes.len() < size {
        let made = row(group.rows.len() as u64);
        encoder
            .encode(&made, &mut group.bytes)
            .expect("the rows are made for these columns");
        group.rows.push(made);
    }
    group
}

const STATES: [&str; 5] = ["open", "paid", "shipped", "returned", "cancelled"];
const SYLLABLES: [&str; 24] = [
    "an", "ber", "co", "de", "el", "fi", "ga", "hol", "in", "jo", "ka", "len", "mi", "no", "or", "pre", "qui", "ra",
    "sto", "ti", "un", "ver", "wa", "zé",
];

/// Made words. As in real text, few of them are common and many are rare.
struct Words(Vec<String>);

impl Words {
    fn new() -> Self {
        let mut random = fastrand::Rng::with_seed(11);
        let word = |_| {
            (0..random.usize(1..5))
                .map(|_| SYLLABLES[random.usize(0..24)])
                .collect()
        };
        Self((0..5_000).map(word).collect())
    }

    fn pick(&self, random: &mut fastrand::Rng) -> &str {
        let rank = (self.0.len() as f64).powf(random.f64());
        &self.0[rank as usize - 1]
    }

    fn text(&self, random: &mut fastrand::Rng, words: usize) -> Value {
        let words: Vec<_> = (0..words).map(|_| self.pick(random)).collect();
        Value::Text(words.join(" "))
    }
}

fn or_null(random: &mut fastrand::Rng, value: Value) -> Value {
    if random.u8(0..10) == 0 { Value::Null } else { value }
}

fn order(words: &Words, number: u64) -> Vec<Value> {
    let random = &mut fastrand::Rng::with_seed(number);
    let days = 738_000 + (number / 400) as u32;
    let (weight, due) = (random.u32(1..50_000), random.u32(1..60));
    let (name, city) = (words.text(random, 2), words.text(random, 1));
    vec![
        Value::BigInt(number as i64 + 1_000_000),
        Value::Int(random.i32(1..40_000)),
        Value::Text(STATES[random.usize(0..5)].to_owned()),
        or_null(random, name),
        or_null(random, city),
        Value::Decimal(Decimal {
            precision: 19,
            scale: 4,
            negative: random.u8(0..50) == 0,
            magnitude: u128::from(random.u32(1..9_000_000)) * 100,
        }),
        or_null(random, Value::Float(f64::from(weight) / 100.0)),
        Value::DateTime2 {
            days,
            ticks: random.u64(0..864_000) * 1_000_000,
        },
        or_null(random, Value::Date(days + due)),
        Value::Bit(random.bool()),
        Value::Uuid(random.u128(..).to_le_bytes()),
    ]
}

fn note(words: &Words, number: u64) -> Vec<Value> {
    let random = &mut fastrand::Rng::with_seed(number);
    let (subject, body) = (random.usize(3..12), random.usize(40..700));
    vec![
        Value::BigInt(number as i64),
        words.text(random, subject),
        words.text(random, body),
    ]
}

fn picture(number: u64) -> Vec<Value> {
    let random = &mut fastrand::Rng::with_seed(number);
    let mut content = vec![0; random.usize(5_000..80_000)];
    random.fill(&mut content);
    vec![Value::Int(number as i32), Value::Binary(content)]
}
