"""Ways to train a student, by name.

To add one: a file with a frozen `Config` dataclass and a `Method`, and one line here. It then appears in
`describe`, in the form of the training window and in the contract test, with no change elsewhere.
"""

from collections.abc import Mapping
from types import MappingProxyType

from facekd.distil.methods.adaptive_centres import AdaptiveCentres
from facekd.distil.methods.base import Method
from facekd.distil.methods.ccskd import CCSKD
from facekd.distil.methods.cd_gkd_edt import ChannelDistillation
from facekd.distil.methods.dkd import DecoupledKD
from facekd.distil.methods.embedding_cosine import EmbeddingCosine
from facekd.distil.methods.fixed_centres import FixedCentres
from facekd.distil.methods.kd import LogitKD
from facekd.distil.methods.mskd_ssr import MSKDSSR
from facekd.distil.methods.plain import Plain
from facekd.distil.methods.rkd import RelationalKD

METHODS: Mapping[str, type[Method]] = MappingProxyType(
    {
        "plain": Plain,
        "kd": LogitKD,
        "cd_gkd_edt": ChannelDistillation,
        "rkd": RelationalKD,
        "dkd": DecoupledKD,
        "embedding_cosine": EmbeddingCosine,
        "fixed_centres": FixedCentres,
        "adaptive_centres": AdaptiveCentres,
        "ccskd": CCSKD,
        "mskd_ssr": MSKDSSR,
    }
)
