# What R's survival says of a table of boots: Rscript survival.R TABLE [without-ids]
# With ids it takes the square of the rows.
suppressPackageStartupMessages(library(survival))
arguments <- commandArgs(TRUE)
boots <- read.csv(arguments[1], stringsAsFactors = TRUE)
curves <- survfit(Surv(entry, exit, froze) ~ old_qemu, data = boots, conf.type = "log-log")
# survdiff takes no entries: this is the log-rank test but for ties.
invisible(coxph(Surv(entry, exit, froze) ~ old_qemu, data = boots)$score)
formula <- Surv(entry, exit, froze) ~ old_qemu + qcow2 + swap + overcommit + scheduler + load
has_ids <- is.na(arguments[2])
model <- if (has_ids) coxph(formula, data = boots, ties = "efron", cluster = appliance) else
  coxph(formula, data = boots, ties = "efron")
names <- sub("^scheduler", "scheduler=", names(coef(model)))
errors <- if (has_ids) sprintf("%.12g", sqrt(diag(model$var))) else ""
cat(sprintf("%s %.12g %s\n", names, coef(model), errors), sep = "")
