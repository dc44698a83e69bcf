//! A mail server over raw sockets: it speaks as much SMTP as a client needs to hand over a letter, and keeps what it gets.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use super::receiver::{acceptor, certificate};

/// How it meets its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Takes every letter.
    Taking,
    /// Takes no letter, with a reason that is for the operator alone.
    Refusing,
    /// Says nothing at all.
    Silent,
    /// Takes every letter, with TLS from the first byte on, from whoever logs in.
    TakingOverTls,
}

/// Listens until its test ends.
pub struct Smtp {
    port: u16,
    pub manner: Manner,
    letters: Arc<Mutex<Vec<Letter>>>,
}

/// A letter as it came.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// Header lines, unfolded.
    pub head: Vec<String>,
    /// The text, decoded.
    pub text: String,
}

impl Smtp {
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let letters: Arc<Mutex<Vec<Letter>>> = Arc::default();
        let kept = letters.clone();
        let acceptor = acceptor(certificate());
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (kept, acceptor) = (kept.clone(), acceptor.clone());
                tokio::spawn(async move {
                    // A client that hangs up ends its own conversation.
                    let _ = match manner {
                        Manner::TakingOverTls => match acceptor.accept(tcp).await {
                            Ok(tls) => talk(tls, manner, &kept).await,
                            Err(_) => Ok(()),
                        },
                        _ => talk(tcp, manner, &kept).await,
                    };
                });
            }
        });
        Self { port, manner, letters }
    }

    /// Its address as an operator writes it.
    pub fn url(&self) -> String {
        match self.manner {
            Manner::TakingOverTls => format!("smtps://desk:p%40ss@127.0.0.1:{}", self.port),
            _ => format!("smtp://127.0.0.1:{}", self.port),
        }
    }

    /// Every letter so far.
    pub fn letters(&self) -> Vec<Letter> {
        self.letters.lock().expect("no panic before").clone()
    }

    /// The one letter so far.
    #[track_caller]
    pub fn the_letter(&self) -> Letter {
        let mut all = self.letters();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }
}

impl Letter {
    fn read(from: String, to: Vec<String>, data: &str) -> Self {
        let (head, body) = data.split_once("\r\n\r\n").expect("a head and a body");
        let head: Vec<String> = head.replace("\r\n\t", " ").replace("\r\n ", " ").lines().map(str::to_owned).collect();
        let encoding = head.iter().find_map(|line| line.strip_prefix("Content-Transfer-Encoding: "));
        let text = match encoding {
            Some("base64") => {
                let joined: String = body.split_whitespace().collect();
                String::from_utf8(BASE64.decode(joined).expect("base64")).expect("UTF-8")
            }
            Some("quoted-printable") => unquoted(body),
            _ => body.to_owned(),
        };
        Self { from, to, head, text: text.replace("\r\n", "\n") }
    }

    /// The value of a header.
    #[track_caller]
    pub fn must(&self, name: &str) -> &str {
        let value = self.head.iter().filter_map(|line| line.split_once(": ")).find(|(own, _)| *own == name);
        value.unwrap_or_else(|| panic!("no {name} in {:?}", self.head)).1
    }
}

fn unquoted(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_str();
    while let Some((before, after)) = rest.split_once('=') {
        bytes.extend_from_slice(before.as_bytes());
        let (hex, after) = after.split_at(2);
        bytes.push(u8::from_str_radix(hex, 16).expect("two hexadecimal digits"));
        rest = after;
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).expect("UTF-8")
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    manner: Manner,
    kept: &Mutex<Vec<Letter>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    if manner == Manner::Silent {
        // Until the client has had enough.
        stream.fill_buf().await?;
        return Ok(());
    }
    let (mut from, mut to) = (String::new(), Vec::new());
    let mut named = manner != Manner::TakingOverTls;
    stream.write_all(b"220 post.example ready\r\n").await?;
    stream.flush().await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        let address = || line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(own, _)| own.to_owned());
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer: String = match verb.as_str() {
            "EHLO" => "250-post.example\r\n250-8BITMIME\r\n250 AUTH PLAIN".into(),
            "AUTH" => {
                named = line == format!("AUTH PLAIN {}", BASE64.encode("\0desk\0p@ss"));
                if named { "235 2.7.0 welcome".into() } else { "535 5.7.8 who are you".into() }
            }
            "MAIL" if !named => "530 5.7.0 log in first".into(),
            "MAIL" => {
                from = address().unwrap_or_default();
                "250 2.1.0 fine".into()
            }
            "RCPT" if manner == Manner::Refusing => "550 5.7.1 relaying through cellar-7 denied".into(),
            "RCPT" => {
                to.extend(address());
                "250 2.1.5 fine".into()
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                stream.flush().await?;
                let data = data(&mut stream).await?;
                let letter = Letter::read(std::mem::take(&mut from), std::mem::take(&mut to), &data);
                kept.lock().expect("no panic before").push(letter);
                "250 2.0.0 taken".into()
            }
            "QUIT" => {
                stream.write_all(b"221 2.0.0 bye\r\n").await?;
                stream.flush().await?;
                return Ok(());
            }
            _ => "250 2.0.0 fine".into(),
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        stream.flush().await?;
    }
}

async fn data(stream: &mut BufReader<impl AsyncRead + Unpin>) -> std::io::Result<String> {
    let mut data = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(data);
        }
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
