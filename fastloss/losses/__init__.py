"""The catalogue: importing this package fills the registry. A loss that fits a shape touches one file here."""

from fastloss.losses import class_margins as class_margins
from fastloss.losses import classification as classification
from fastloss.losses import counts as counts
from fastloss.losses import huber as huber
from fastloss.losses import margin as margin
from fastloss.losses import metric as metric
from fastloss.losses import overlap as overlap
from fastloss.losses import pairwise as pairwise
from fastloss.losses import probability as probability
from fastloss.losses import ranking as ranking
from fastloss.losses import regression as regression
from fastloss.losses import reinforcement as reinforcement
from fastloss.losses import relative as relative
from fastloss.losses import softmax as softmax
from fastloss.losses import tuples as tuples
