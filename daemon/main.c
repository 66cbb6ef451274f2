/* fobd: options, hardening, then the loop until somebody says stop. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/driver.h"
#include "daemon/host/config.h"
#include "daemon/host/harden.h"
#include "daemon/host/log.h"
#include "proto/secret.h"
#include "proto/status.h"

static int check_user(const struct config *config)
{
	if (geteuid() != 0 || config->keeper || config->allow_root)
		return 0;
	log_error("not as root: a vault belongs to a person; run fobd as that "
		  "user, or with --keeper or --allow-root");
	return STATUS_FAILED;
}

static int open_memory(const struct config *config)
{
	int rc = sodium_init() < 0 ? -EIO : 0;

	if (!rc)
		rc = secret_init(config->insecure_memory ? SECRET_INSECURE : 0);
	if (rc == 0)
		return 0;
	if (rc == SECRET_ERR_UNLOCKED)
		log_error("memory for keys cannot be locked, so it could be "
			  "swapped to disk; raise the limit (ulimit -l, "
			  "LimitMEMLOCK=) or take the risk with "
			  "--insecure-memory");
	else
		log_error("memory for keys: %s", strerror(-rc));
	return STATUS_FAILED;
}

static int read_config(struct config *config, int argc, char **argv)
{
	config_init(config);
	if (config_arguments(config, argc, argv)) {
		log_error("%s", config->message);
		return STATUS_USAGE;
	}
	if (config->help || config->version)
		return 0;
	if (config_read(config) || config_defaults(config)) {
		log_error("%s", config->message);
		return STATUS_FAILED;
	}
	log_set_level(config->log_level);
	return 0;
}

static int run(struct config *config)
{
	static struct driver driver;

	if (start_driver(&driver, config))
		return STATUS_FAILED;
	loop_run(driver.loop);
	start_deinit(&driver);
	log_info("stopped");
	return STATUS_OK;
}

int main(int argc, char **argv)
{
	static struct config config;

	int rc = harden_descriptors();
	if (!rc)
		rc = harden_process();
	if (rc) {
		log_error("cannot protect the process: %s", strerror(-rc));
		return STATUS_FAILED;
	}
	int status = read_config(&config, argc, argv);
	if (status)
		return status;
	if (config.help || config.version) {
		fputs(config.help ? config_help() : "fobd " FOB_VERSION "\n",
		      stdout);
		return fflush(stdout) ? STATUS_FAILED : STATUS_OK;
	}
	status = check_user(&config);
	if (!status)
		status = open_memory(&config);
	if (!status) {
		status = run(&config);
		secret_deinit();
	}
	return status;
}
