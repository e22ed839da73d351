//! The parameters section: the dimension, the number of rows and the index's parameters, each a u64.

use crate::parameters::{IndexParameters, KindChoice, validate_dimension};

pub(super) const FIELDS: usize = 10;

/// The section's content.
#[derive(Debug, PartialEq)]
pub(super) struct Shape {
    pub(super) dimension: usize,
    pub(super) rows: usize,
    pub(super) parameters: IndexParameters,
}

impl Shape {
    pub(super) fn encode(&self) -> [u64; FIELDS] {
        let kind = match self.parameters.kind {
            KindChoice::Auto => 0,
            KindChoice::Exact => 1,
            KindChoice::Graph => 2,
        };
        [
            self.dimension as u64,
            self.rows as u64,
            self.parameters.m as u64,
            self.parameters.ef_construction as u64,
            self.parameters.ef_search as u64,
            kind,
            self.parameters.graph_above as u64,
            u64::from(self.parameters.rebuild_share.to_bits()),
            self.parameters.seed,
            0,
        ]
    }

    pub(super) fn decode(fields: &[u64]) -> Result<Self, String> {
        let &[dimension, rows, m, ef_construction, ef_search, kind, graph_above, share, seed, _] = fields
        else {
            return Err(format!("its parameters are {} numbers, not {FIELDS}", fields.len()));
        };
        let kind = match kind {
            0 => KindChoice::Auto,
            1 => KindChoice::Exact,
            2 => KindChoice::Graph,
            other => return Err(format!("its kind of index is {other}")),
        };
        let parameters = IndexParameters {
            m: narrow(m)?,
            ef_construction: narrow(ef_construction)?,
            ef_search: narrow(ef_search)?,
            kind,
            graph_above: narrow(graph_above)?,
            rebuild_share: f32::from_bits(narrow(share)?),
            seed,
        };
        let shape = Self { dimension: narrow(dimension)?, rows: narrow::<u32>(rows)? as usize, parameters };
        validate_dimension(shape.dimension).map_err(|error| error.to_string())?;
        shape.parameters.validate().map_err(|error| error.to_string())?;
        Ok(shape)
    }
}

fn narrow<T: TryFrom<u64>>(number: u64) -> Result<T, String> {
    T::try_from(number).map_err(|_| format!("its parameters contain {number}, which is too large"))
}
