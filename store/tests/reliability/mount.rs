//! File systems of our own, which may be cut off and filled up.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use crate::process::is_installed;

/// A mounted file system; unmounted when this is dropped.
pub(crate) struct Mounted<'a> {
    point: &'a Path,
}

impl<'a> Mounted<'a> {
    /// Mounts `what` at `point`; `None` where that is not allowed.
    pub(crate) fn new(options: &[&str], what: &Path, point: &'a Path) -> Option<Self> {
        let mounted = run(Command::new("mount").args(options).arg(what).arg(point));
        mounted.then_some(Self { point })
    }
}

impl Drop for Mounted<'_> {
    /// A process that another test is just starting holds everything open until it becomes another program. What is
    /// unmounted lazily then writes to the image after the next mount has read it.
    fn drop(&mut self) {
        let begun = Instant::now();
        while !run(Command::new("umount").arg(self.point)) {
            if begun.elapsed() > PATIENCE {
                run(Command::new("umount").arg("--lazy").arg(self.point));
                assert!(std::thread::panicking(), "{} stays busy", self.point.display());
                return;
            }
            sleep(Duration::from_millis(20));
        }
    }
}

/// How long a file system may be busy when nobody needs it any more.
const PATIENCE: Duration = Duration::from_secs(20);

/// Takes all the space that is left, with a file that may be there already.
pub(crate) fn fill(point: &Path) -> PathBuf {
    let path = point.join("filler");
    let mut file = fs::File::options().create(true).append(true).open(&path).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    path
}

/// Makes an ext4 file system in a file; `false` where it cannot be made.
pub(crate) fn make_ext4(image: &Path) -> bool {
    let sized = fs::File::create(image).and_then(|file| file.set_len(256 << 20));
    sized.is_ok() && is_installed("mkfs.ext4") && run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(image))
}

/// Stops the file system at `point` as a power cut would: nothing more reaches the disk, not even what the journal holds. How
/// many bytes `ledger` had just before.
pub(crate) fn cut_power(point: &Path, ledger: &Path) -> usize {
    // EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH.
    let script = "import fcntl, os, struct, sys; \
                  disk = os.open(sys.argv[1], os.O_RDONLY); \
                  print(os.stat(sys.argv[2]).st_size); \
                  fcntl.ioctl(disk, 0x8004587D, struct.pack('I', 2))";
    let cut = Command::new("python3").args(["-c", script]).arg(point).arg(ledger).output().unwrap();
    assert!(cut.status.success(), "the power was not cut");
    String::from_utf8(cut.stdout).unwrap().trim().parse().unwrap()
}

fn run(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}
