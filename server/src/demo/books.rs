//! The databases of the demonstration world: filled, moved on day by day, and written to while one watches.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use control::ports::clock::Clock;
use demo::{Target, Writer};
use domain::time::CivilDate;
use jiff::civil::Date;
use postgres_cluster::{ClusterError, ClusterOptions, PrivateCluster};
use sqlx::{Connection, PgConnection};

use super::world::{Book, PLACES, Place, PostgresAt};

/// Time between two entries of the background writer: the books are alive, and a person can still read them.
const WRITER_PERIOD: Duration = Duration::from_millis(700);

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// The databases of the world, and the PostgreSQL server of their own.
pub struct Books {
    files: PathBuf,
    cluster: Option<(PrivateCluster, PostgresAt)>,
    /// Why there is no PostgreSQL, in words.
    without: Option<String>,
}

impl Books {
    /// Makes room for the files and starts the private PostgreSQL where its programs are installed. Blocks.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn open(data: &Path) -> Result<Self, Failed> {
        let files = data.join("books");
        std::fs::create_dir_all(&files)?;
        let (cluster, without) = match start_postgres(data) {
            Ok(started) => (Some(started), None),
            Err(reason) => (None, Some(reason.to_string())),
        };
        Ok(Self {
            files: files.canonicalize()?,
            cluster,
            without,
        })
    }

    /// Folder of the SQLite files.
    #[must_use]
    pub fn files(&self) -> &Path {
        &self.files
    }

    /// How the PostgreSQL is reached, if there is one.
    #[must_use]
    pub fn postgres(&self) -> Option<&PostgresAt> {
        self.cluster.as_ref().map(|(_, at)| at)
    }

    /// Why there is no PostgreSQL.
    #[must_use]
    pub fn without(&self) -> Option<&str> {
        self.without.as_deref()
    }

    /// The sites that live in this world today.
    pub fn places(&self) -> impl Iterator<Item = &'static Place> {
        let postgres = self.cluster.is_some();
        PLACES.iter().filter(move |place| !place.on_postgres || postgres)
    }

    /// Fills every database of a site with a year of business up to `to`.
    ///
    /// # Errors
    /// A database is there already, or cannot be written.
    pub async fn fill(&self, place: &'static Place, from: CivilDate, to: CivilDate) -> Result<(), Failed> {
        for book in place.books {
            let (from, to) = (date(from)?, date(to)?);
            let profile = place.profile(book);
            if place.on_postgres {
                let mut server = self.connect("postgres").await?;
                sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE \"{}\"", book.id)))
                    .execute(&mut server)
                    .await?;
                server.close().await?;
                let mut connection = self.connect(book.id).await?;
                demo::postgres::create(&mut connection, &profile, from, to).await?;
                connection.close().await?;
            } else {
                let path = self.file(book);
                tokio::task::spawn_blocking(move || demo::sqlite::create(&path, &profile, from, to)).await??;
            }
        }
        Ok(())
    }

    /// Enters the business days up to `to` in every database of a site.
    ///
    /// # Errors
    /// A database cannot be written.
    pub async fn advance(&self, place: &'static Place, to: CivilDate) -> Result<(), Failed> {
        for book in place.books {
            let to = date(to)?;
            if place.on_postgres {
                let mut connection = self.connect(book.id).await?;
                demo::postgres::advance(&mut connection, to).await?;
                connection.close().await?;
            } else {
                let path = self.file(book);
                tokio::task::spawn_blocking(move || {
                    let mut connection = demo::sqlite::open(&path)?;
                    demo::sqlite::advance(&mut connection, to)
                })
                .await??;
            }
        }
        Ok(())
    }

    /// Starts the writer that keeps every database of the world alive.
    #[must_use]
    pub fn write(&self, clock: Arc<dyn Clock>) -> Writer {
        let targets = self
            .places()
            .flat_map(|place| place.books.iter().map(move |book| (place, book)));
        let targets = targets.map(|(place, book)| match &self.cluster {
            Some((cluster, _)) if place.on_postgres => Target::Postgres(cluster.url(book.id)),
            _ => Target::Sqlite(self.file(book)),
        });
        Writer::spawn(targets.collect(), WRITER_PERIOD, move || {
            let seconds = clock.now().seconds();
            let now = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
            jiff::tz::Offset::UTC.to_datetime(now)
        })
    }

    fn file(&self, book: &Book) -> PathBuf {
        self.files.join(format!("{}.sqlite", book.id))
    }

    async fn connect(&self, database: &str) -> Result<PgConnection, Failed> {
        let (cluster, _) = self.cluster.as_ref().ok_or("this world has no PostgreSQL")?;
        Ok(PgConnection::connect(&cluster.url(database)).await?)
    }
}

/// Starts the cluster below the data folder; below the system's temporary folder when the server's own account cannot
/// reach that one (a clone in root's home).
fn start_postgres(data: &Path) -> Result<(PrivateCluster, PostgresAt), ClusterError> {
    let cluster = match PrivateCluster::start(ClusterOptions::persistent(data.join("postgres"))) {
        Err(ClusterError::Unreachable { .. }) => PrivateCluster::start(ClusterOptions::persistent(outside(data)))?,
        other => other?,
    };
    let password_file = data.join("postgres.password");
    let written = std::fs::write(&password_file, cluster.password());
    if let Err(source) = written.and_then(|()| only_for_us(&password_file)) {
        return Err(ClusterError::Io {
            action: "write",
            path: password_file,
            source,
        });
    }
    let password_file = password_file.canonicalize().unwrap_or(password_file);
    let at = PostgresAt {
        socket_dir: cluster.socket_dir().to_owned(),
        port: cluster.port(),
        user: cluster.user().to_owned(),
        password_file,
    };
    Ok((cluster, at))
}

/// Removes everything that was made for the world of this data folder.
///
/// # Errors
/// Something cannot be removed.
pub fn remove(data: &Path) -> std::io::Result<()> {
    for folder in [data.to_owned(), outside(data)] {
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// A folder that belongs to this data folder alone, in a place that every account reaches.
fn outside(data: &Path) -> PathBuf {
    use sha2::{Digest, Sha256};
    use std::os::unix::ffi::OsStrExt;
    let path = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    let hash = Sha256::digest(path.as_os_str().as_bytes());
    let short: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    std::env::temp_dir().join(format!("coffre-demo-{short}"))
}

fn only_for_us(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

fn date(date: CivilDate) -> Result<Date, Failed> {
    let year = i16::try_from(date.year)?;
    Ok(Date::new(year, i8::try_from(date.month)?, i8::try_from(date.day)?)?)
}
