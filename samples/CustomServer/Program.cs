using Cote;
using Cote.Primitives;
using CustomServer;

try
{
    await CoteHost.Create(args, add => add
        .AddProvider(EchoAssistant.Provider())
        .Map(NewEndpoint.Map)).RunAsync();
    return 0;
}
catch (StartupException error)
{
    Console.Error.WriteLine($"Cannot start: {error.Message}");
    return 1;
}
