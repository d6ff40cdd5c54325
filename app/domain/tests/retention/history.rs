//! Random pasts of a site: nights that succeed, fail or are made late, backups by hand and before restores, promotions and
//! demotions, unusual backups and what is decided of them, clocks that were wrong, and policies that change.

use domain::anomaly::Review;
use domain::backup::BackupKind;
use domain::ids::BackupId;
use domain::retention::{Facts, Plan, Policy, Terms};
use domain::time::{CivilDate, Timestamp, Zone};
use fastrand::Rng;

pub struct History {
    pub rng: Rng,
    pub zone: Zone,
    pub policy: Policy,
    /// The local day on which we are, some hours after its night was made, or was not.
    pub day: CivilDate,
    pub backups: Vec<Facts>,
    born: u32,
    /// Nights that have had their backup: the store refuses a second one while it knows of the first.
    nights: Vec<CivilDate>,
    /// Between two steps this many days pass at most, but for long silences.
    pace: i64,
}

impl History {
    pub fn new(seed: u64, zone: Zone) -> Self {
        let mut rng = Rng::with_seed(seed);
        let start = CivilDate::parse("2026-06-01").unwrap();
        Self {
            day: start.plus_days(rng.i64(0..400)),
            policy: policy(&mut rng),
            pace: *rng.choice(&[1, 3, 8, 60]).unwrap(),
            rng,
            zone,
            backups: Vec::new(),
            born: 0,
            nights: Vec::new(),
        }
    }

    pub fn now(&mut self) -> Timestamp {
        self.zone.instant(self.day, self.rng.u16(180..1_440))
    }

    pub fn add(&mut self, kind: BackupKind, business_date: Option<CivilDate>, completed_at: Timestamp) {
        self.born += 1;
        let review = match self.rng.u8(..100) {
            0..5 => Review::Undecided,
            _ => Review::Usual,
        };
        self.backups.push(Facts {
            id: BackupId::parse(&format!("b{:04}", self.born)).unwrap(),
            kind,
            promoted: false,
            business_date,
            completed_at,
            review,
        });
    }

    /// Some days, and what happens in the last of them.
    pub fn step(&mut self) {
        let days = match self.rng.u8(..100) {
            0..4 => self.rng.i64(20..200),
            _ => self.rng.i64(1..=self.pace),
        };
        self.day = self.day.plus_days(days);
        let at = self.zone.instant(self.day, self.rng.u16(90..170));
        let night = self.day.plus_days(if self.rng.u8(..200) == 0 { 500 } else { -1 });
        // A store that was put back may hold a night twice.
        let again = self.rng.u8(..100) < 3;
        if self.rng.u8(..100) < 80 && (again || !self.nights.contains(&night)) {
            self.nights.push(night);
            self.add(BackupKind::Automatic, Some(night), at);
            if again {
                self.add(BackupKind::Automatic, Some(night), at);
            }
        }
        match self.rng.u8(..100) {
            0..5 => self.add(BackupKind::Manual, None, at),
            5..12 => self.add(BackupKind::Safety, None, at),
            12..20 => self.somewhere(|backup, _| backup.promoted = backup.kind == BackupKind::Automatic),
            20..28 => self.each(|backup, _| backup.promoted = false),
            28..34 => self.backups.retain(|backup| backup.kind != BackupKind::Manual),
            34..40 => self.somewhere(|backup, rng| backup.review = rng.choice(Review::ALL).unwrap()),
            40..60 => self.each(|backup, rng| {
                if backup.review == Review::Undecided {
                    backup.review = rng
                        .choice([Review::Accepted, Review::Accepted, Review::Rejected])
                        .unwrap();
                }
            }),
            60..65 => self.policy = policy(&mut self.rng),
            _ => {}
        }
        self.rng.shuffle(&mut self.backups);
    }

    pub fn apply(&mut self, plan: &Plan) {
        self.backups
            .retain(|backup| plan.kept.iter().any(|kept| kept.id == backup.id));
    }

    fn somewhere(&mut self, change: impl Fn(&mut Facts, &mut Rng)) {
        if !self.backups.is_empty() {
            let at = self.rng.usize(..self.backups.len());
            change(&mut self.backups[at], &mut self.rng);
        }
    }

    fn each(&mut self, change: impl Fn(&mut Facts, &mut Rng)) {
        for backup in &mut self.backups {
            change(backup, &mut self.rng);
        }
    }
}

pub fn policy(rng: &mut Rng) -> Policy {
    if rng.bool() {
        return Policy::default();
    }
    Policy::new(Terms {
        days: rng.u32(1..12),
        months: rng.u32(0..4),
        years: rng.u32(0..4),
        safety_days: rng.u32(1..12),
    })
    .unwrap()
}
