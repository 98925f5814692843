"""Spanish, for callers and, where they speak it, for response teams. Staff menus are in English."""

VOICE = "Polly.Lupe-Neural"
TAG = "es-US"

PROMPTS: dict[str, str] = {
    "not_heard": "No escuché una respuesta.",
    "not_understood": "Esa tecla no está en este menú.",
    "going_back": "Volvemos atrás.",
    "starting_over": "Empezamos de nuevo.",
    "for_choice_press": "Para {choice}, oprima el {key}.",
    "no_number": "sin número",
    "goodbye": "Adiós.",
    "welcome_choose_language": (
        "Ha llamado a la línea de crisis. Puede oprimir el 9 en cualquier momento para el 9 1 1. "
        "For English, press 1. Para español, oprima el 2."
    ),
    "ask_danger": (
        "¿Hay alguien en peligro ahora, o hay un arma? Si es así, oprima el 1. Si no, oprima el 2."
    ),
    "ask_caller_party": (
        "¿Llama por usted mismo? Oprima el 1. ¿Por alguien que está con usted? Oprima el 2. "
        "¿Por otra persona? Oprima el 3."
    ),
    "ask_reason": "¿Por qué motivo llama?",
    "ask_zip": (
        "Marque los 5 dígitos del código postal de donde está, y luego la tecla de número. "
        "Para omitirlo, oprima solo la tecla de número."
    ),
    "please_wait": (
        "Gracias. Estoy llamando a un especialista. Por favor, no cuelgue. "
        "Puede oprimir el 9 en cualquier momento para el 9 1 1."
    ),
    "911_hold_greeting": (
        "9 1 1. Por favor, no cuelgue. La próxima persona disponible contestará su llamada."
    ),
    "comfort": "Sigue conectado. Alguien le atenderá.",
    "your_position": "Usted es el número {position} en la fila.",
    "you_are_next": "Usted es el siguiente.",
    "expected_wait_minute": "La espera es de alrededor de un minuto.",
    "expected_wait_minutes": "La espera es de alrededor de {minutes} minutos.",
    "press_9_for_911": "Puede oprimir el 9 para el 9 1 1.",
    "one_moment_still_here": (
        "Un momento. Por favor, no cuelgue. Puede oprimir el 9 para el 9 1 1."
    ),
    "line_dropped_stay": (
        "Se cortó la línea con su especialista. Por favor, no cuelgue. Estoy buscando a alguien "
        "para usted."
    ),
    "line_dropped_finding_someone": (
        "Se cortó la línea con su especialista. Por favor, no cuelgue. Estoy buscando a alguien "
        "para usted. Puede oprimir el 9 para el 9 1 1."
    ),
    "still_finding_someone": "Sigo buscando a alguien para usted. Por favor, no cuelgue.",
    "connecting_to_911": "Le estoy conectando con el 9 1 1. Por favor, no cuelgue.",
    "trying_911_again": "Sigo conectándole con el 9 1 1. Por favor, no cuelgue.",
    "911_is_being_reached": (
        "Estoy llamando al 9 1 1 para usted. Usted va delante en la fila. Por favor, no cuelgue."
    ),
    "911_still_being_reached": "Sigo llamando al 9 1 1. Por favor, no cuelgue.",
    "911_has_left_stay_to_reconnect": (
        "El 9 1 1 ha dejado la línea. Si todavía necesita ayuda, no cuelgue y le conectaré de nuevo."
    ),
    "clinician_has_ended_the_call": (
        "Su especialista ha terminado esta llamada. Si necesita ayuda ahora, oprima el 9 para el "
        "9 1 1. Puede volver a llamar en cualquier momento. Cuídese."
    ),
    "reason_mental_health": "una crisis emocional o de salud mental",
    "reason_suicidal": "pensamientos de suicidio",
    "reason_dispute": "una discusión",
    "reason_welfare": "preocupación por alguien",
    "reason_other": "otro motivo",
    "no_longer_needed": "Gracias. Esta llamada ya no le espera. Adiós.",
    "team_page_request": (
        "Despacho de Switchback. {team}. Un clínico pide una respuesta en persona. "
        "Lugar: {location}. Peligros: {hazards}."
    ),
    "team_page_keys": "Oprima 1 para aceptar, 2 para rechazar, 3 para repetir.",
    "team_page_not_heard": "No escuché ninguna tecla.",
    "team_page_not_understood": "Esa tecla no está en este menú.",
    "team_page_acknowledged": (
        "Es suyo. Use el enlace de su mensaje para avisar cuando salga, llegue y termine. Adiós."
    ),
    "team_page_declined": "Usted ha rechazado. La solicitud pasa a otro equipo. Adiós.",
    "team_page_failed": "No escuché una respuesta. La solicitud continúa. Adiós.",
    "team_page_withdrawn": "Gracias. Esta solicitud ya no le espera. Adiós.",
    "team_page_unknown": "No se indicó.",
}
