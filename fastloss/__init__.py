from fastloss.losses.regression import huber_loss, mse_loss
