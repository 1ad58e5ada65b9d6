"""Loss functions as compiled kernels behind a thin NumPy API."""

from fastloss.compile.threads import get_num_threads as get_num_threads
from fastloss.compile.threads import num_threads as num_threads
from fastloss.compile.threads import set_num_threads as set_num_threads
from fastloss.loss import Loss as Loss
from fastloss.loss import lookup as lookup
from fastloss.losses.angular import *
from fastloss.losses.bpr import *
from fastloss.losses.bpr_all_negatives import *
from fastloss.losses.class_margins import *
from fastloss.losses.classification import *
from fastloss.losses.contrastive import *
from fastloss.losses.counts import *
from fastloss.losses.curves import *
from fastloss.losses.divergence import *
from fastloss.losses.factors import *
from fastloss.losses.ge2e import *
from fastloss.losses.huber import *
from fastloss.losses.lambdarank import *
from fastloss.losses.margin import *
from fastloss.losses.margin_all_pairs import *
from fastloss.losses.metric import *
from fastloss.losses.overlap import *
from fastloss.losses.pairwise import *
from fastloss.losses.probability import *
from fastloss.losses.ranking import *
from fastloss.losses.regression import *
from fastloss.losses.reinforcement import *
from fastloss.losses.relative import *
from fastloss.losses.softmax import *
from fastloss.losses.triplets import *
from fastloss.losses.tuples import *
from fastloss.metrics import *
from fastloss.streaming import accumulate as accumulate

__version__ = "0.1.0"
