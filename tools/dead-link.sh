#!/bin/sh
# Trains in two processes whose only link is a network that then goes dead:
#
#   sh tools/dead-link.sh [seconds]
#
# makes two network namespaces with a pair of virtual Ethernet devices between them, runs an MPI job
# with a process in each, over TCP, and takes the link down after some epochs. Each process must
# notice within the time limit of nn_mpi() (`seconds`, 5 by default) and end itself. mpirun may then
# still wait for its daemon on the other side, as it does on a cluster until the job's time limit,
# and is ended here. Requires root on Linux, iproute2, util-linux, Open MPI 4 and pbdMPI; uses the
# package that is installed. All traffic is within the namespaces, which are removed.

set -eu
limit=${1:-5}
[ "$(id -u)" -eq 0 ] || { echo "dead-link.sh: only root can make network namespaces." >&2; exit 2; }
one=backprop-one-$$ two=backprop-two-$$
scratch=$(mktemp -d)
clean_up() {
  for space in "$one" "$two"; do
    ip netns pids "$space" 2>/dev/null | xargs -r kill -9 2>/dev/null || true
    ip netns del "$space" 2>/dev/null || true
  done
  rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

ip netns add "$one"
ip netns add "$two"
ip link add name veth-bp1 netns "$one" type veth peer name veth-bp2 netns "$two"
ip -n "$one" addr add 10.231.77.1/30 dev veth-bp1
ip -n "$two" addr add 10.231.77.2/30 dev veth-bp2
for space in "$one" "$two"; do ip -n "$space" link set lo up; done
ip -n "$one" link set veth-bp1 up
ip -n "$two" link set veth-bp2 up

# The remote shell of mpirun: it runs the command in the other namespace, which gets a host name of
# its own, as two machines have.
cat >"$scratch/agent" <<AGENT
#!/bin/sh
shift # the host
exec ip netns exec $two unshare --uts sh -c 'hostname two; exec sh -c "\$*"' sh "\$@"
AGENT
chmod +x "$scratch/agent"

cat >"$scratch/script.R" <<SCRIPT
library(backprop)
mpi <- nn_mpi(timeout = $limit)
set.seed(1)
X <- matrix(rnorm(4000), 1000)
own <- which(seq_len(1000) %% 2 == mpi\$rank)
y <- sin(X[, 1])
nn_train(X[own, ], y[own], hidden = 8, epochs = 1e7, batch_size = 100, optimizer = "adam",
  communicator = mpi, callback = function(now) {
    if (mpi\$rank == 0 && now\$epoch == 20) file.create("$scratch/begun")
  })
SCRIPT

ip netns exec "$one" unshare --uts sh -c 'hostname one; exec "$@"' sh \
  mpirun --allow-run-as-root --host 10.231.77.1:1,10.231.77.2:1 -np 2 \
  --mca plm_rsh_agent "$scratch/agent" --mca btl tcp,self --mca pml ob1 \
  --mca btl_tcp_if_include 10.231.77.0/30 --mca oob_tcp_if_include 10.231.77.0/30 \
  -x R_LIBS Rscript "$scratch/script.R" >"$scratch/log" 2>&1 &
job=$!
waited=0
until [ -e "$scratch/begun" ]; do
  sleep 1
  waited=$((waited + 1))
  if [ "$waited" -gt 60 ] || ! kill -0 "$job" 2>/dev/null; then
    cat "$scratch/log" >&2
    echo "dead-link.sh: training did not begin." >&2
    exit 1
  fi
done
echo "Training in two namespaces has begun; the link goes down."
ip -n "$two" link set veth-bp2 down
start=$(date +%s)
left() { ip netns pids "$1" | while read -r id; do
  if [ "$(cat "/proc/$id/comm" 2>/dev/null)" = R ]; then echo "$id"; fi
done; }
while [ -n "$(left "$one")$(left "$two")" ]; do
  sleep 1
  if [ $(($(date +%s) - start)) -gt $((limit + 30)) ]; then
    cat "$scratch/log" >&2
    echo "dead-link.sh: a process still waits: $(left "$one") $(left "$two")" >&2
    exit 1
  fi
done
echo "Both processes have ended after $(($(date +%s) - start)) seconds (limit: $limit)."
sleep 2
status=0
if kill -0 "$job" 2>/dev/null; then
  echo "mpirun still waits for the other side, and is ended."
  kill -9 "$job"
fi
wait "$job" 2>/dev/null || status=$?
grep -a "backprop:" "$scratch/log" || { cat "$scratch/log" >&2; exit 1; }
[ "$status" -ne 0 ] || { echo "dead-link.sh: the job has ended with status 0." >&2; exit 1; }
