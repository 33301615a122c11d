using Cote;
using CustomServer;

try
{
    await CoteHost.RunAsync(args, add => add
        .AddProvider(EchoAssistant.Provider())
        .UseBlobStorage(_ => new MemoryStorage())
        .AddTables("custom", Notes.Tables)
        .OnReplyEnded(Greeting.CountAsync)
        .Map(NewEndpoint.Map)
        .Map(Greeting.Map)
        .Map(Notes.Map));
    return 0;
}
catch (StartupException error)
{
    Console.Error.WriteLine($"Cannot start: {error.Message}");
    return 1;
}
