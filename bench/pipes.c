// SPDX-License-Identifier: GPL-2.0
/*
 * pipes CPUS OPS: on each of so many CPUs, two processes that pass a byte back
 * and forth, all at the same time; prints us_per_op=, all CPUs' time together,
 * and switches_per_op=, of whatever runs.
 *
 * As perf bench sched pipe, with one start and one end for all.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct {
	volatile int ready, done;
	struct {
		volatile double start, end;
	} cpu[64];
} *shared;

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* Context switches since boot. */
static long switches(void)
{
	FILE *f = fopen("/proc/stat", "r");
	char line[4096];
	long n = 0;

	if (!f)
		die("/proc/stat");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "ctxt %ld", &n) == 1)
			break;
	fclose(f);
	return n;
}

static void pass(int from, int to)
{
	char byte = 0;

	if ((from >= 0 && read(from, &byte, 1) != 1) || (to >= 0 && write(to, &byte, 1) != 1))
		die("pipe");
}

static void on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

static pid_t spawn(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	return pid;
}

int main(int argc, char **argv)
{
	int cpus = argc > 1 ? atoi(argv[1]) : 1, ops = argc > 2 ? atoi(argv[2]) : 1000;
	double start, end;
	long before = switches(), after;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || cpus < 1 || cpus > 64)
		die("pipes CPUS OPS");
	for (int cpu = 0; cpu < cpus; cpu++) {
		int there[2], back[2];

		if (pipe(there) || pipe(back))
			die("pipe");
		if (!spawn()) {
			on(cpu);
			for (int i = 0; i < ops; i++)
				pass(there[0], back[1]);
			pause();
		}
		if (!spawn()) {
			on(cpu);
			__atomic_add_fetch(&shared->ready, 1, __ATOMIC_SEQ_CST);
			while (shared->ready < cpus)
				;
			shared->cpu[cpu].start = now_us();
			for (int i = 0; i < ops; i++) {
				pass(-1, there[1]);
				pass(back[0], -1);
			}
			shared->cpu[cpu].end = now_us();
			__atomic_add_fetch(&shared->done, 1, __ATOMIC_SEQ_CST);
			pause();
		}
	}
	while (shared->done < cpus)
		usleep(20000);
	after = switches();
	start = shared->cpu[0].start;
	end = shared->cpu[0].end;
	for (int cpu = 1; cpu < cpus; cpu++) {
		if (shared->cpu[cpu].start < start)
			start = shared->cpu[cpu].start;
		if (shared->cpu[cpu].end > end)
			end = shared->cpu[cpu].end;
	}
	printf("us_per_op=%.6f switches_per_op=%.4f\n", (end - start) / ops / cpus,
	       (double)(after - before) / ops / cpus);
	fflush(stdout);
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
	return 0;
}
