using Cote;
using CustomServer;

try
{
    // The command line (create-user, copy, …) knows the same providers and tables as the server.
    if (await CoteCommands.RunAsync(args, Console.In, Console.Out, Console.Error, AddOwn) is { } exitCode)
        return exitCode;
    await CoteHost.RunAsync(args, AddOwn);
    return 0;
}
catch (StartupException error)
{
    Console.Error.WriteLine($"Cannot start: {error.Message}");
    return 1;
}

static void AddOwn(CoteBuilder add) => add
    .AddProvider(EchoAssistant.Provider())
    .UseBlobStorage(_ => new MemoryStorage())
    .AddTables("custom", Notes.Tables)
    .AddTool(Notes.FindTool(), new() { Title = "Notes", IsReadOnly = true })
    .OnMessageSent(Greeting.CountSentAsync)
    .OnReplyEnded(Greeting.CountEndedAsync)
    .Map(NewEndpoint.Map)
    .Map(Greeting.Map)
    .Map(Notes.Map);
