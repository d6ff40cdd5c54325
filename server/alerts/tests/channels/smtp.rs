//! A small mail server: takes what is sent, or answers as it is told to.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// How it behaves from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Takes everything.
    Well,
    /// Answers this command with this instead.
    Answers(&'static str, &'static str),
    /// Closes the connection when this command comes.
    HangsUp(&'static str),
    /// Says nothing at all.
    Silent,
}

/// A message that it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub from: String,
    pub to: Vec<String>,
    /// Headers and text as they came, lines ending in CR LF.
    pub raw: String,
    pub encrypted: bool,
    pub signed_in: bool,
}

impl Taken {
    pub fn headers(&self) -> Vec<(String, String)> {
        let head = self.raw.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
        let lines = head.split("\r\n").map(|line| line.split_once(": ").unwrap());
        lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    pub fn header(&self, name: &str) -> String {
        let of: Vec<_> = self.headers().into_iter().filter(|(each, _)| each == name).collect();
        assert_eq!(of.len(), 1, "{name} in {}", self.raw);
        of[0].1.clone()
    }

    /// The subject as people read it.
    pub fn subject(&self) -> String {
        decoded_words(&self.header("Subject"))
    }

    /// The text as people read it, every space a plain one.
    pub fn text(&self) -> String {
        let body = self.raw.split_once("\r\n\r\n").unwrap().1;
        let bytes = match self.header("Content-Transfer-Encoding").as_str() {
            "base64" => base64(&body.replace("\r\n", "")),
            "quoted-printable" => quoted(&body.replace("=\r\n", "")),
            _ => body.as_bytes().to_vec(),
        };
        plain(&String::from_utf8(bytes).unwrap())
    }
}

pub fn plain(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}'], " ").replace("\r\n", "\n")
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

fn quoted(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'=' {
            let hex = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    bytes
}

fn decoded_words(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut after_word = true;
    for part in value.split(' ') {
        let word = part.strip_prefix("=?utf-8?b?").and_then(|part| part.strip_suffix("?="));
        if !(after_word && word.is_some()) {
            bytes.push(b' ');
        }
        after_word = word.is_some();
        bytes.extend(word.map_or(part.as_bytes().to_vec(), base64));
    }
    plain(String::from_utf8(bytes).unwrap().trim_start())
}

/// The server.
#[derive(Clone)]
pub struct SmtpServer {
    pub port: u16,
    mood: Arc<Mutex<Mood>>,
    taken: Arc<Mutex<Vec<Taken>>>,
    commands: Arc<Mutex<Vec<String>>>,
    tls: Option<TlsAcceptor>,
    wrapped: bool,
}

/// An authority and a server's certificate for `localhost`.
pub struct Certificates {
    pub authority: String,
    pub acceptor: TlsAcceptor,
}

impl Certificates {
    pub fn new() -> Self {
        use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key, &authority).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![leaf.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )
            .unwrap();
        Self {
            authority: authority.pem(),
            acceptor: TlsAcceptor::from(Arc::new(config)),
        }
    }
}

impl SmtpServer {
    pub async fn start() -> Self {
        Self::listen(None, false).await
    }

    /// One that offers STARTTLS, or is encrypted from the first byte.
    pub async fn encrypted(certificates: &Certificates, wrapped: bool) -> Self {
        Self::listen(Some(certificates.acceptor.clone()), wrapped).await
    }

    async fn listen(tls: Option<TlsAcceptor>, wrapped: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            mood: Arc::new(Mutex::new(Mood::Well)),
            taken: Arc::default(),
            commands: Arc::default(),
            tls,
            wrapped,
        };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        server
    }

    pub fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    /// Every line that came outside a message.
    pub fn commands(&self) -> Vec<String> {
        self.commands.lock().unwrap().clone()
    }

    async fn serve(self, stream: TcpStream) {
        match &self.tls {
            Some(tls) if self.wrapped => {
                let Ok(stream) = tls.accept(stream).await else { return };
                self.talk(BufReader::new(stream), true, true).await;
            }
            _ => {
                let Some(stream) = self.talk(BufReader::new(stream), false, true).await else {
                    return;
                };
                let tls = self.tls.as_ref().unwrap();
                let Ok(stream) = tls.accept(stream.into_inner()).await else {
                    return;
                };
                self.talk(BufReader::new(stream), true, false).await;
            }
        }
    }

    /// Speaks until the end; gives the stream back when it is to be encrypted.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        mut stream: BufReader<S>,
        encrypted: bool,
        greets: bool,
    ) -> Option<BufReader<S>> {
        if *self.mood.lock().unwrap() == Mood::Silent {
            std::future::pending::<()>().await;
        }
        if greets {
            stream.write_all(b"220 mail.test\r\n").await.ok()?;
        }
        let (mut from, mut to, mut signed_in) = (String::new(), Vec::new(), false);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_owned();
            self.commands.lock().unwrap().push(line.clone());
            let mood = *self.mood.lock().unwrap();
            match mood {
                Mood::HangsUp(command) if line.starts_with(command) => return None,
                Mood::Answers(command, answer) if line.starts_with(command) => {
                    stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
                    continue;
                }
                _ => {}
            }
            let answer = match line.split([' ', ':']).next().unwrap() {
                "EHLO" if self.tls.is_some() && !encrypted => "250-mail.test\r\n250-STARTTLS\r\n250 8BITMIME",
                "EHLO" => "250-mail.test\r\n250-AUTH PLAIN\r\n250 8BITMIME",
                "STARTTLS" => {
                    stream.write_all(b"220 go on\r\n").await.ok()?;
                    return Some(stream);
                }
                "AUTH" => {
                    signed_in = true;
                    "235 welcome"
                }
                "MAIL" => {
                    (from, to) = (line, Vec::new());
                    "250 ok"
                }
                "RCPT" => {
                    to.push(line);
                    "250 ok"
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n").await.ok()?;
                    let mut raw = String::new();
                    while !raw.ends_with("\r\n.\r\n") {
                        stream.read_line(&mut raw).await.ok()?;
                    }
                    raw.truncate(raw.len() - 3);
                    let raw = raw.replace("\r\n..", "\r\n.");
                    self.taken.lock().unwrap().push(Taken {
                        from: from.clone(),
                        to: to.clone(),
                        raw,
                        encrypted,
                        signed_in,
                    });
                    "250 taken"
                }
                "QUIT" => {
                    let _ = stream.write_all(b"221 bye\r\n").await;
                    return None;
                }
                "NOOP" | "RSET" => "250 ok",
                _ => "500 what?",
            };
            stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        }
    }
}
