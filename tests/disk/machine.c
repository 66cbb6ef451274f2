#include "tests/disk/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/disk/alloc.h"

void machine_init(struct machine *machine, struct platter *platter)
{
	struct config *config = &machine->config;

	memset(machine, 0, sizeof(*machine));
	machine->platter = platter;
	machine->self = getpid();
	config_init(config);
	snprintf(config->vault, sizeof(config->vault), "%s/vault",
		 platter->root);
	machine_begin(machine, 0);
}

/* What frames of a daemon that ended held is nobody's: no leak of its own. */
static bool left_frames;

#ifdef FOB_SANITIZED
int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
	return left_frames;
}
#endif

static void forget_replies(struct machine *machine)
{
	for (size_t i = 0; i < machine->n_replies; i++)
		fob__reply__free_unpacked(machine->replies[i], NULL);
	machine->n_replies = 0;
}

void machine_deinit(struct machine *machine)
{
	machine_drop(machine);
	forget_replies(machine);
}

void machine_begin(struct machine *machine, uint64_t seed)
{
	machine_drop(machine);
	machine->entropy = draw_stream(seed, 3);
	machine->mono = 1000;
	machine->wall = MACHINE_WALL;
	machine->next_id = 1;
	memset(machine->passphrases, 0, sizeof(machine->passphrases));
}

void machine_drop(struct machine *machine)
{
	struct platter *platter = machine->platter;
	bool dead = platter->dead;

	if (!machine->up)
		return;
	/* A process that is gone writes nothing more. */
	platter->dead = true;
	machine->driver.wiping = false;
	world_forget();
	start_deinit(&machine->driver);
	platter->dead = dead;
	machine->up = false;
	machine_runs = NULL;
}

/* What ends by itself, or on a disk that is dead, is dropped. */
static bool guard(struct machine *machine)
{
	if (machine->up && !machine->platter->dead)
		return true;
	machine_drop(machine);
	return false;
}

bool machine_start(struct machine *machine)
{
	REQUIRE(!machine->up);
	forget_replies(machine);
	machine->ended = false;
	machine->last_words[0] = '\0';
	machine_runs = machine;
	machine->up = true;
	if (setjmp(machine->end)) {
		machine->ended = left_frames = true;
		machine_drop(machine);
		return false;
	}
	if (start_driver(&machine->driver, &machine->config)) {
		/* It has cleaned up by itself. */
		machine->up = false;
		machine_runs = NULL;
		world_forget();
		return false;
	}
	world_turn(machine);
	return guard(machine);
}

void machine_stop(struct machine *machine)
{
	if (!machine->up)
		return;
	if (setjmp(machine->end) == 0) {
		start_stop(&machine->driver);
		if (!machine->platter->dead) {
			world_forget();
			start_deinit(&machine->driver);
			machine->up = false;
			machine_runs = NULL;
		}
	}
	machine_drop(machine);
}

static bool run(struct machine *machine, struct bytes message)
{
	if (!machine->up)
		return false;
	if (setjmp(machine->end)) {
		machine->ended = left_frames = true;
		machine_drop(machine);
		return false;
	}
	if (message.n)
		world_client(machine, message);
	else
		world_turn(machine);
	return guard(machine);
}

const Fob__Reply *machine_ask(struct machine *machine, Fob__Request *request)
{
	uint8_t *packed;
	size_t n;

	forget_replies(machine);
	request->id = machine->next_id++;
	n = fob__request__get_packed_size(request);
	alloc_hold();
	packed = malloc(n + 1);
	alloc_go_on();
	REQUIRE(packed);
	fob__request__pack(request, packed);
	run(machine, (struct bytes){ packed, n });
	free(packed);
	if (machine->n_replies == 0)
		return NULL;
	return machine->replies[machine->n_replies - 1];
}

void machine_later(struct machine *machine, uint64_t ms)
{
	machine->mono += ms;
	machine->wall += (int64_t)ms;
	run(machine, (struct bytes){ NULL, 0 });
}

void machine_step(struct machine *machine,
		  void (*f)(struct machine *machine, void *arg), void *arg)
{
	if (!machine->up)
		return;
	if (setjmp(machine->end)) {
		machine->ended = left_frames = true;
		machine_drop(machine);
		return;
	}
	f(machine, arg);
	world_turn(machine);
	guard(machine);
}
