//! The processor and the memory: what a model will find here.

use std::thread::available_parallelism;

use super::check::Check;

const PROCESSOR: &str = "processor";
const MEMORY: &str = "memory";

/// Cores, and the vector instructions that matrix products use.
pub(super) fn processor() -> Check {
    let cores = available_parallelism().map_or(1, usize::from);
    let features = features();
    let found = format!(
        "{cores} cores, {}",
        if features.is_empty() { "no vector instructions".to_owned() } else { features.join(" ") }
    );
    let fast = ["avx2", "neon"].iter().any(|feature| features.contains(feature));
    if fast {
        Check::good(PROCESSOR, found)
    } else {
        Check::doubtful(
            PROCESSOR,
            found,
            "transformer models will be slow here; the static model is not affected",
        )
    }
}

#[cfg(target_arch = "x86_64")]
fn features() -> Vec<&'static str> {
    let known = [
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("fma", std::arch::is_x86_feature_detected!("fma")),
        ("f16c", std::arch::is_x86_feature_detected!("f16c")),
        ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
        ("avx512vnni", std::arch::is_x86_feature_detected!("avx512vnni")),
    ];
    known.iter().filter(|(_, present)| *present).map(|(name, _)| *name).collect()
}

/// Every 64-bit ARM processor has NEON.
#[cfg(target_arch = "aarch64")]
fn features() -> Vec<&'static str> {
    vec!["neon"]
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn features() -> Vec<&'static str> {
    Vec::new()
}

/// Weights are read from disk and then converted, so that two copies exist for a moment; the rest is for the program
/// and a knowledge base of ordinary size.
const COPIES: u64 = 2;
const BESIDES_BYTES: u64 = 128 << 20;

/// Whether a model of `model_bytes` will fit. `None` where the system does not tell, as outside Linux.
pub(super) fn memory(model_bytes: u64) -> Option<Check> {
    let available = available_bytes(&std::fs::read_to_string("/proc/meminfo").ok()?)?;
    let found = format!("{} MB available, the model's files are {} MB", available >> 20, model_bytes >> 20);
    Some(if available < COPIES * model_bytes + BESIDES_BYTES {
        Check::doubtful(MEMORY, found, "free some memory or choose a smaller model: loading may fail")
    } else {
        Check::good(MEMORY, found)
    })
}

/// Of a text such as `MemAvailable:   12345 kB`.
fn available_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kibibytes| kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_memory_is_read_from_meminfo() {
        let text = "MemTotal:       16384 kB\nMemFree:  1 kB\nMemAvailable:    8192 kB\n";
        assert_eq!(available_bytes(text), Some(8 << 20));
        assert_eq!(available_bytes("MemTotal: 1 kB\n"), None);
    }
}
