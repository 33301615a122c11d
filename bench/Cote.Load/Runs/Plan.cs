namespace Cote.Load.Runs;

/// <summary>How much is done: all of it, or as much as shows that it works.</summary>
sealed record Plan(bool Short, int Rounds)
{
    /// <summary>Over so many chats a client of the turns goes round.</summary>
    public const int ChatsOfClient = 16;

    /// <summary>… of a peer, which is so much slower that its prompts stay as short with fewer.</summary>
    public const int ChatsOfPeersClient = 4;

    public int Users { get; } = Short ? 8 : 200;
    public int Clients { get; } = Short ? 8 : 64;
    /// <summary>Before the first round of turns: what runs for days is not compiled while it is measured.</summary>
    public TimeSpan WarmUp { get; } = TimeSpan.FromSeconds(Short ? 0.3 : 20);

    public TimeSpan Warm { get; } = TimeSpan.FromSeconds(Short ? 0.3 : 1.5);
    public TimeSpan Length { get; } = TimeSpan.FromSeconds(Short ? 0.7 : 4);
    public int Times { get; } = Short ? 15 : 400;
    public int ManyClients { get; } = Short ? 10 : 100;
    public int ManyTimes { get; } = Short ? 1 : 3;
    public int ManyTokens { get; } = Short ? 10 : 50;
    public int[] Streams { get; } = Short ? [40] : [500, 1_000, 1_500];
    public int[] PostgresStreams { get; } = Short ? [20] : [200, 500, 1_000];
    public int[] PeerStreams { get; } = Short ? [10] : [25, 50, 100];
    public int StreamTokens { get; } = Short ? 50 : 300;
    public int[] LagStreams { get; } = Short ? [10, 20] : [50, 500];
    public int MemoryStreams { get; } = Short ? 20 : 200;
    public int IdleSockets { get; } = Short ? 200 : 10_000;
    public TimeSpan IdleLie { get; } = TimeSpan.FromSeconds(Short ? 0.5 : 5);
    public int FanSockets { get; } = Short ? 50 : 1_000;
    public int[] FanReplies { get; } = Short ? [2] : [4, 10, 20];
    public int FanSeconds { get; } = Short ? 1 : 6;
    public int BlastFrames { get; } = Short ? 100 : 1_000;
    public int LongChat { get; } = Short ? 100 : 10_000;
    public int LongTimes { get; } = Short ? 10 : 200;
    public int ResumeTimes { get; } = Short ? 10 : 200;
    public int Restarts { get; } = Short ? 1 : 2;
    public int SearchTimes { get; } = Short ? 20 : 300;
    public int Branch { get; } = Short ? 10 : 100;
    public int ToolClients { get; } = Short ? 4 : 16;
    public int Starts { get; } = Short ? 1 : 5;
    public TimeSpan StartIdle { get; } = TimeSpan.FromSeconds(Short ? 0.5 : 5);

    /// <summary>So many chats are there for the loads, spread over the users.</summary>
    public int Chats => Math.Max(Clients * ChatsOfClient, Math.Max(ManyClients, Streams.Max()));

    /// <summary>So many on a PostgreSQL.</summary>
    public int PostgresChats => Math.Max(Clients * ChatsOfClient, PostgresStreams.Max());

    /// <summary>So many on a peer.</summary>
    public int ChatsOfPeer =>
        Math.Max(Clients * ChatsOfPeersClient, Math.Max(PeerStreams.Max(), Math.Max(LagStreams[0], MemoryStreams)));
}
