# Runs commands for a Hostrun daemon, in place of a login shell that has read its start files: each as sshd would run
# it, with pipes and a session of its own, in a fresh shell. Needs only core Perl.
#
# Arguments: token, SHLVL, files, path and arguments of the shell. "-" as the last one: descriptor 3 contains a snapshot
# of the shell, which each command's shell gets as its descriptor 3.
#
# From the client: "R ID LENGTH\n" and a command's text: run it; "X ID LENGTH\n" and a text: the same even if a start file
# has changed; "W ID LENGTH\n" and a text: run it with its standard input open; "B ID LENGTH\n" and bytes: write them to
# that input; "E ID 0\n": end that input; "S ID LENGTH\n" and a signal's name: send it to the command's group; "H ID 0\n":
# stop reading its output; "G ID 0\n": resume reading it; "D ID 0\n": forget it and close its pipes.
# To the client: "TOKEN PID LENGTH\n" and the snapshot, once; "p ID PID\n": started; "o|e ID LENGTH\n" and bytes; "x ID
# CODE SIGNAL\n": the process has ended; "z ID\n": its output has ended as well, and nothing follows; "f ID REASON\n":
# it was not started; "c ID COUNT\n": so many bytes for its standard input are written, or dropped.
use POSIX ();
my ($token, $shlvl, $files, $shell, @shell_args) = @ARGV;
my %signals_before = map { $_ => $SIG{$_} } qw(PIPE TERM INT HUP CHLD);
$0 = "hostrun-worker";

my $snapshot = "";
if ($shell_args[-1] eq "-") {
  pop @shell_args;
  open my $file, "<&=3" or exit 1;
  local $/;
  $snapshot = <$file>;
  close $file;
}

# If any of these has changed, a fresh login shell would differ from the snapshot.
my @watched = map { m{^/} ? $_ : "$ENV{HOME}/$_" } split / /, $files;
sub state_of_files { join " ", map { my @stat = stat; "@stat[0,1,7,9,10]" } @watched }
sub is_here { my @own = stat "."; my @named = stat($ENV{PWD} || "."); "@own[0,1]" eq "@named[0,1]" }
my $state = state_of_files();

# ksh93 exports the last two.
delete @ENV{qw(_ A__z _AST_FEATURES)};
$ENV{SHLVL} = $shlvl if $shlvl ne "";

$SIG{PIPE} = "IGNORE";
$SIG{$_} = sub { } for qw(TERM INT HUP);
pipe my $empty, my $empty_end;
close $empty_end;
pipe my $child_ended, my $tell_child_ended;
sub unblock { fcntl $_[0], POSIX::F_SETFL(), POSIX::O_NONBLOCK() }
unblock($_) for $child_ended, $tell_child_ended;
$SIG{CHLD} = sub { syswrite $tell_child_ended, "c" };

# By id: its process, the read ends of its pipes, the write end of its input, what waits for that and whether the input ends
# then, whether its process has ended, and whether it is held. By process: its id, and the rest of its snapshot.
my (%run, %id_of, %feeding);
my ($input, $unsent, $at_end) = ("", "");

# Sent together with other reports before the next wait: each write wakes sshd, and the daemon.
sub report {
  $unsent .= join "", @_;
  send_reports() if length $unsent >= 65536;
}

sub send_reports {
  my $sent = 0;
  while ($sent < length $unsent) {
    my $count = syswrite STDOUT, $unsent, length($unsent) - $sent, $sent;
    if (defined $count) { $sent += $count }
    elsif (!$!{EINTR}) { POSIX::_exit(1) }
  }
  $unsent = "";
}

sub end_if_over {
  my ($id) = @_;
  my $run = $run{$id} or return;
  return if $run->{o} || $run->{e} || !$run->{over};
  delete $run{$id};
  report("z $id\n");
}

sub feed {
  my ($pid) = @_;
  my $feed = $feeding{$pid};
  my $count = syswrite $feed->{to}, $snapshot, length($snapshot) - $feed->{sent}, $feed->{sent};
  if (defined $count) { $feed->{sent} += $count }
  elsif (!$!{EAGAIN} && !$!{EINTR}) { $feed->{sent} = length $snapshot }
  delete $feeding{$pid} if $feed->{sent} == length $snapshot;
}

# In the child: never returns.
sub become_shell {
  my ($text, $stdin, $stdout, $stderr, $rc) = @_;
  for (keys %signals_before) {
    my $before = $signals_before{$_};
    $SIG{$_} = defined $before && $before eq "IGNORE" ? "IGNORE" : "DEFAULT";
  }
  POSIX::setsid();
  my @descriptors = map { fileno $_ } $stdin, $stdout, $stderr;
  POSIX::dup2($descriptors[$_], $_) for 0 .. 2;
  POSIX::dup2(fileno $rc, 3) if $rc;
  { no warnings; exec { $shell } @shell_args, "-c", $text }
  syswrite STDERR, "$shell: $!\n";
  POSIX::_exit(1);
}

sub begin {
  my ($id, $text, $takes_input) = @_;
  my ($stdin, $stdin_end, $stdout, $stdout_end, $stderr, $stderr_end, $rc, $rc_end);
  pipe($stdout, $stdout_end) && pipe($stderr, $stderr_end) && ($snapshot eq "" || pipe $rc, $rc_end)
    && (!$takes_input || pipe $stdin, $stdin_end)
    or return report("f $id pipe ", $! + 0, "\n");
  my $pid = fork;
  defined $pid or return report("f $id fork ", $! + 0, "\n");
  become_shell($text, $stdin || $empty, $stdout_end, $stderr_end, $rc) if !$pid;
  close $stdout_end;
  close $stderr_end;
  $id_of{$pid} = $id;
  $run{$id} = { pid => $pid, o => $stdout, e => $stderr };
  if ($takes_input) {
    close $stdin;
    unblock($stdin_end);
    @{$run{$id}}{"i", "waiting"} = ($stdin_end, "");
  }
  if ($rc) {
    close $rc;
    unblock($rc_end);
    $feeding{$pid} = { to => $rc_end, sent => 0 };
    feed($pid);
  }
  report("p $id $pid\n");
}

sub pass_on {
  my ($id, $stream) = @_;
  my $count = sysread $run{$id}{$stream}, my $bytes, 65536;
  return if !defined $count;
  return report("$stream $id $count\n", $bytes) if $count;
  close $run{$id}{$stream};
  $run{$id}{$stream} = undef;
  end_if_over($id);
}

# What nobody can read any more counts as written, as it does under sshd, so that the client's writers do not wait.
sub close_input {
  my ($id) = @_;
  my $run = $run{$id};
  report("c $id ", length $run->{waiting}, "\n") if length $run->{waiting};
  close $run->{i};
  @$run{"i", "waiting"} = (undef, "");
}

sub write_input {
  my ($id) = @_;
  my $run = $run{$id};
  if (length $run->{waiting}) {
    my $count = syswrite $run->{i}, $run->{waiting}, 65536;
    if (defined $count) {
      substr($run->{waiting}, 0, $count) = "";
      report("c $id $count\n");
    }
    elsif (!$!{EAGAIN} && !$!{EINTR}) { return close_input($id) }
  }
  close_input($id) if $run->{ends} && !length $run->{waiting};
}

sub take_bytes {
  my ($id, $bytes) = @_;
  return report("c $id ", length $bytes, "\n") if !$run{$id}{i};
  my $is_next = !length $run{$id}{waiting};
  $run{$id}{waiting} .= $bytes;
  write_input($id) if $is_next;
}

sub end_input {
  my ($id) = @_;
  $run{$id}{ends} = 1;
  write_input($id) if $run{$id}{i};
}

sub collect_children {
  sysread $child_ended, my $drained, 4096;
  while ((my $pid = waitpid -1, POSIX::WNOHANG()) > 0) {
    my $status = $?;
    my $id = delete $id_of{$pid};
    next if !defined $id || !$run{$id};
    $run{$id}{over} = 1;
    close_input($id) if $run{$id}{i};
    report("x $id ", $status >> 8, " ", $status & 127, "\n");
    end_if_over($id);
  }
}

# A child that has just been started has no group of its own yet.
sub signal_group {
  my ($name, $pid) = @_;
  kill($name, -$pid) || kill $name, $pid;
}

sub take_input {
  my $count = sysread STDIN, $input, 65536, length $input;
  if (defined $count && !$count) {
    $at_end = 1;
    close_input($_) for grep { $run{$_}{i} } keys %run;
  }
  # Requests that arrived together share one check, which is later than all of them.
  my $is_fresh;
  while ($input =~ /\A([RXWBESHGD]) (\d+) (\d+)\n/) {
    my ($what, $id, $length, $head) = ($1, $2, $3, $+[0]);
    last if length($input) < $head + $length;
    my $text = substr $input, $head, $length;
    substr($input, 0, $head + $length) = "";
    if ($what eq "R" || $what eq "W") {
      $is_fresh //= $state eq state_of_files() && is_here();
      if ($is_fresh) { begin($id, $text, $what eq "W") }
      else { report("f $id stale\n") }
    }
    elsif ($what eq "X") { begin($id, $text) }
    elsif (!$run{$id}) { next }
    elsif ($what eq "S") { signal_group($text, $run{$id}{pid}) if !$run{$id}{over} }
    elsif ($what eq "B") { take_bytes($id, $text) }
    elsif ($what eq "E") { end_input($id) }
    elsif ($what eq "D") { delete $run{$id}; report("z $id\n") }
    else { $run{$id}{held} = $what eq "H" }
  }
}

syswrite STDERR, "$token\n";
report("$token $$ ", length $snapshot, "\n$snapshot");
while (!$at_end || %run) {
  my ($readable, $writable) = ("", "");
  vec($readable, 0, 1) = 1 if !$at_end;
  vec($readable, fileno $child_ended, 1) = 1;
  for my $run (grep { !$_->{held} } values %run) {
    for (@$run{"o", "e"}) { vec($readable, fileno $_, 1) = 1 if $_ }
  }
  vec($writable, fileno $_->{to}, 1) = 1 for values %feeding;
  vec($writable, fileno $_->{i}, 1) = 1 for grep { length $_->{waiting} } values %run;
  send_reports();
  next if select($readable, $writable, undef, undef) < 0;
  for my $pid (keys %feeding) { feed($pid) if vec($writable, fileno $feeding{$pid}{to}, 1) }
  for my $id (keys %run) {
    my $stdin = $run{$id} && $run{$id}{i};
    write_input($id) if $stdin && vec($writable, fileno $stdin, 1);
    for my $stream ("o", "e") {
      my $pipe = $run{$id} && $run{$id}{$stream} or next;
      pass_on($id, $stream) if vec($readable, fileno $pipe, 1);
    }
  }
  collect_children() if vec($readable, fileno $child_ended, 1);
  take_input() if !$at_end && vec($readable, 0, 1);
}
send_reports();
