# What R's survival says of the tables in a folder: Rscript oracle.R FOLDER COUNT
suppressPackageStartupMessages(library(survival))
arguments <- commandArgs(TRUE)
tell <- function(table, key, numbers) {
  cat(table, key, ":", sprintf("%.15g", numbers), "\n")
}
for (table in seq_len(as.integer(arguments[2])) - 1) {
  rows <- read.csv(file.path(arguments[1], paste0(table, ".csv")))
  for (group in sort(unique(rows$group))) {
    own <- rows[rows$group == group, ]
    curve <- summary(survfit(Surv(entry, exit, event) ~ 1, data = own, conf.type = "log-log"))
    for (i in seq_along(curve$time)) {
      numbers <- c(curve$surv[i], curve$std.err[i], curve$lower[i], curve$upper[i])
      tell(table, paste("curve", group, sprintf("%.6f", curve$time[i])), if (curve$surv[i] > 0) numbers else 0)
    }
  }
  has_ties <- anyDuplicated(rows$exit[rows$event == 1]) > 0
  is_late <- any(rows$entry > 0)
  if (!is_late) {
    test <- survdiff(Surv(exit, event) ~ group, data = rows)
    tell(table, "log_rank", c(test$chisq, pchisq(test$chisq, length(test$n) - 1, lower.tail = FALSE)))
  } else if (!has_ties) {
    # survdiff takes no entry times; without ties, the score test is the same.
    test <- coxph(Surv(entry, exit, event) ~ factor(group), data = rows)
    tell(table, "log_rank", c(test$score, pchisq(test$score, length(coef(test)), lower.tail = FALSE)))
  }
  model <- coxph(Surv(entry, exit, event) ~ age + load + new, data = rows, ties = "efron", robust = TRUE,
                 cluster = id, control = coxph.control(eps = 1e-13, iter.max = 50))
  tell(table, "log_likelihood", model$loglik)
  robust <- sqrt(diag(model$var))
  for (i in seq_along(coef(model))) {
    z <- coef(model)[i] / robust[i]
    numbers <- c(coef(model)[i], sqrt(diag(model$naive.var))[i], robust[i], 2 * pnorm(-abs(z)))
    tell(table, paste("cox", names(coef(model))[i]), numbers)
  }
  chosen <- c("load", "new")
  chi2 <- drop(coef(model)[chosen] %*% solve(model$var[2:3, 2:3]) %*% coef(model)[chosen])
  tell(table, "joint load new", c(chi2, pchisq(chi2, 2, lower.tail = FALSE)))
  # The interval of one ratio by the likelihood: the others at their best, with that one held.
  worse <- function(held) {
    rows$held <- held * rows$new
    rest <- coxph(Surv(entry, exit, event) ~ age + load + offset(held), data = rows,
                  control = coxph.control(eps = 1e-13, iter.max = 50))
    2 * (model$loglik[2] - rest$loglik[2])
  }
  tell(table, "beyond new", worse(0))
  ends <- sapply(c(-1, 1), function(side) {
    far <- coef(model)["new"] + side * 10 * sqrt(model$naive.var[3, 3])
    uniroot(function(held) worse(held) - qchisq(0.95, 1), sort(c(coef(model)["new"], far)), tol = 1e-12)$root
  })
  tell(table, "by_likelihood new", exp(ends))
}
