//! What a process costs, read from `/proc`.

use std::fs;

use anyhow::{Context as _, Result};

/// Memory and processor time of a process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage {
    /// Resident memory in bytes.
    pub resident: u64,
    /// The most it has held, in bytes, since it started or since [`Usage::forget_peak`].
    pub peak: u64,
    /// User and system seconds.
    pub cpu_seconds: f64,
    /// User and system seconds of the children that have ended.
    pub children_cpu_seconds: f64,
}

impl Usage {
    /// Of one process now.
    pub fn of(pid: u32) -> Result<Self> {
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let memory = |name: &str| -> Result<u64> {
            // A process that has ended but was not waited for has no memory.
            let value = status.lines().find_map(|line| line.strip_prefix(name)).context("no memory")?;
            Ok(value.trim_start_matches(':').trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
        };
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name, in brackets, may hold blanks and brackets itself.
        let (_, fields) = stat.rsplit_once(')').context("no name")?;
        let ticks: Vec<f64> = fields.split_whitespace().skip(11).take(4).flat_map(str::parse).collect();
        let &[user, system, children_user, children_system] = ticks.as_slice() else {
            anyhow::bail!("/proc/{pid}/stat is cut off");
        };
        let second = rustix::param::clock_ticks_per_second() as f64;
        Ok(Self {
            resident: memory("VmRSS")?,
            peak: memory("VmHWM")?,
            cpu_seconds: (user + system) / second,
            children_cpu_seconds: (children_user + children_system) / second,
        })
    }

    /// Starts the search for the peak anew.
    pub fn forget_peak(pid: u32) -> Result<()> {
        Ok(fs::write(format!("/proc/{pid}/clear_refs"), "5")?)
    }

    /// Processor seconds of a process, of its living children, and of those that have ended.
    pub fn cpu_of_family(pid: u32) -> Result<f64> {
        let parent = Self::of(pid)?;
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        // One that ends meanwhile is counted with its parent the next time.
        let living = children.split_whitespace().flat_map(str::parse).flat_map(Self::of).map(|child| child.cpu_seconds);
        Ok(parent.cpu_seconds + parent.children_cpu_seconds + living.sum::<f64>())
    }
}
