//! Files that are their owner's alone.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::Path;

/// Makes a file that only its owner may read and write; an error where there is one already.
pub fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Whether files can be made in a folder, as far as its rights say.
pub fn is_writable(folder: &Path) -> bool {
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).is_ok()
}

/// The rights of a file: `0o600` is its owner's alone.
pub fn rights(path: &Path) -> io::Result<u32> {
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o777)
}

/// Writes a file that only its owner may read and write, and waits until it is on the disk; an error where there is one already.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create_private(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    sync_folder_of(path)
}

/// Puts other bytes in the place of a file's, at once: whoever reads it finds the old ones or the new ones. Owner, group and
/// rights stay as they are.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Through a link, what it leads to is replaced and not the link.
    let path = &std::fs::canonicalize(path)?;
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let draft = Path::new(&name);
    // One that a process left that died meanwhile.
    let _ = std::fs::remove_file(draft);
    let written = create_private(draft).and_then(|mut file| {
        let before = std::fs::metadata(path)?;
        file.write_all(bytes)?;
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (before.uid(), before.gid()) {
            fchown(&file, Some(before.uid()), Some(before.gid()))?;
        }
        file.set_permissions(before.permissions())?;
        file.sync_all()?;
        std::fs::rename(draft, path)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(draft);
    }
    written.and_then(|()| sync_folder_of(path))
}

/// Waits until it is on the disk that a file is in its folder.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_at_once_and_keeps_its_rights() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        write_private(&path, b"old").expect("a file");
        assert!(write_private(&path, b"new").is_err(), "what is there stays");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("rights");
        replace(&path, b"new").expect("a file");
        assert_eq!((std::fs::read(&path).expect("a file"), rights(&path).expect("rights")), (b"new".to_vec(), 0o640));
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}
