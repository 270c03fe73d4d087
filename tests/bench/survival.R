# What R's survival says of a table of boots: Rscript survival.R TABLE
suppressPackageStartupMessages(library(survival))
boots <- read.csv(commandArgs(TRUE)[1], stringsAsFactors = TRUE)
curves <- survfit(Surv(entry, exit, froze) ~ old_qemu, data = boots, conf.type = "log-log")
# survdiff takes no entries: this is the log-rank test but for ties.
invisible(coxph(Surv(entry, exit, froze) ~ old_qemu, data = boots)$score)
model <- coxph(Surv(entry, exit, froze) ~ old_qemu + qcow2 + swap + overcommit + scheduler + load,
               data = boots, ties = "efron", cluster = appliance)
names <- sub("^scheduler", "scheduler=", names(coef(model)))
cat(sprintf("%s %.12g %.12g\n", names, coef(model), sqrt(diag(model$var))), sep = "")
