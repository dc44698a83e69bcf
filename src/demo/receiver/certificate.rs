//! The receiver's certificate, and the authority behind it.
//!
//! The authority lives as long as the folder; the server's own certificate is made anew at each start and never stored.
//! Whoever is talked into trusting the authority risks little: it is constrained to the loopback names.
//!
//! Both are valid from and until fixed dates. A client checks them against the machine's clock, which a test that moves
//! time by hand leaves behind, and an authority that has to be renewed is one that a hook suddenly stops trusting.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What a client needs to trust.
const CA_FILE: &str = "receiver-ca.pem";
/// The authority's key and certificate in one file, so that a crash cannot leave one without the other.
const KEY_FILE: &str = "receiver-ca.key";

/// Everything the receiver needs to prove who it is.
pub struct Identity {
    pub ca_path: PathBuf,
    pub ca: CertificateDer<'static>,
    pub server: Arc<ServerConfig>,
}

/// Opens the authority kept in `dir`, or makes one, and issues a server certificate for this start.
pub fn open(dir: &Path) -> io::Result<Identity> {
    let (key, ca) = match stored(&dir.join(KEY_FILE)) {
        Some(authority) => authority,
        None => create(&dir.join(KEY_FILE))?,
    };
    let ca_path = dir.join(CA_FILE);
    write_atomically(&ca_path, &pem(&ca), 0o644)?;
    let server = server_config(key).map_err(io::Error::other)?;
    Ok(Identity { ca_path, ca, server: Arc::new(server) })
}

/// The authority as it was left. A file that cannot be read or understood counts as none: it protects nothing but a demo.
fn stored(path: &Path) -> Option<(KeyPair, CertificateDer<'static>)> {
    let text = fs::read_to_string(path).ok()?;
    let key = KeyPair::from_pem(&text).ok()?;
    let ca = CertificateDer::from_pem_slice(text.as_bytes()).ok()?;
    Some((key, ca))
}

fn create(path: &Path) -> io::Result<(KeyPair, CertificateDer<'static>)> {
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let ca = ca_params().self_signed(&key).map_err(io::Error::other)?;
    write_atomically(path, &format!("{}{}", key.serialize_pem(), ca.pem()), 0o600)?;
    Ok((key, ca.der().clone()))
}

fn server_config(ca_key: KeyPair) -> Result<ServerConfig, Box<dyn std::error::Error + Send + Sync>> {
    let key = KeyPair::generate()?;
    let issuer = Issuer::new(ca_params(), ca_key);
    let mut params = CertificateParams::new(vec!["localhost".into(), "127.0.0.1".into(), "::1".into()])?;
    params.distinguished_name.push(DnType::CommonName, "Hirewire demo receiver");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2090, 1, 1));
    let certificate = params.signed_by(&key, &issuer)?;
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The authority's certificate but for its key: the same at every start, so the stored one need not be parsed.
fn ca_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Hirewire demo receiver CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName("localhost".into()),
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)),
            GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(std::net::Ipv6Addr::LOCALHOST.octets(), 128)),
        ],
        excluded_subtrees: Vec::new(),
    });
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2090, 1, 1));
    params
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(certificate);
    let lines = text.as_bytes().chunks(64).map(|line| format!("{}\n", String::from_utf8_lossy(line)));
    format!("-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n", lines.collect::<String>())
}

fn write_atomically(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let draft = PathBuf::from(name);
    // Left by a crash, perhaps with another mode: a mode is only given to a file that is new.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)
}
