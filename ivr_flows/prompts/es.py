"""Spanish, for callers and, where they speak it, for response teams. Staff menus are in English."""

VOICE = "Polly.Lupe-Neural"
TAG = "es-US"

PROMPTS: dict[str, str] = {
    "not_heard": "No escuché su respuesta.",
    "not_understood": "No entendí su respuesta.",
    "going_back": "Volvemos a la pregunta anterior.",
    "starting_over": "Empezamos de nuevo.",
    "for_choice_press": "Para {choice}, oprima el {key}.",
    "as_written": "{words}",
    "no_number": "sin número",
    "protocol_yes_no": "Si es así, oprima el 1. Si no, el 2. Si no lo sabe, el 3.",
    "protocol_number": "Marque el número, y después la tecla de número.",
    "goodbye": "Adiós.",
    # La línea directa
    "welcome_choose_language": (
        "Ha llamado a la línea de crisis. En cualquier momento puede oprimir el 9 para el 9 1 1. "
        "For English, press 1. Para español, oprima el 2."
    ),
    "ask_needs_help": (
        "Si necesita ayuda, oprima el 1, o diga sí. Si no puede, no cuelgue y espere al 9 1 1."
    ),
    "ask_danger": "¿Hay alguien en peligro, o hay un arma? Si es así, oprima el 1. Si no, el 2.",
    "ask_caller_party": (
        "Si llama por usted, oprima el 1. Si llama por alguien que está con usted, oprima el 2. "
        "Si llama por otra persona, oprima el 3."
    ),
    "ask_reason": "¿Cuál es el motivo de su llamada?",
    "ask_zip": (
        "Marque el código postal de donde está, y después la tecla de número. "
        "Si prefiere no darlo, oprima solo la tecla de número."
    ),
    # La primera pregunta del 911
    "ask_service": (
        "{place}. ¿Necesita policía, bomberos, ambulancia o servicios de salud mental? "
        "Policía, oprima el 1. Bomberos, el 2. Ambulancia, el 3. Salud mental, el 4."
    ),
    # La espera
    "please_wait": "Gracias. Estoy llamando a un consejero. Para el 9 1 1, oprima el 9.",
    "someone_has_picked_up": "Ya contestaron, y les cuento de su llamada. Por favor, no cuelgue.",
    "still_calling_a_clinician": (
        "Sigo llamando a un consejero para usted. No cuelgue. Para el 9 1 1, oprima el 9."
    ),
    "911_hold_greeting": (
        "9 1 1. Por favor, no cuelgue. La próxima persona disponible contestará su llamada."
    ),
    "911_hold_comfort": "Está en la fila del 9 1 1. Por favor, no cuelgue.",
    "911_already_in_line": "Ya está en la fila del 9 1 1. Le van a contestar.",
    "wait_press_2_call_back": "Para guardar su lugar y que le llamemos, oprima el 2.",
    "wait_press_3_text": "Para recibir un mensaje de texto, oprima el 3.",
    "wait_confirm_call_back": (
        "Le llamamos al teléfono del que llama. Si es suyo, oprima el 1. Para esperar, el 2."
    ),
    "wait_stay_in_line": "Sigue en la línea y en su lugar.",
    "wait_text_sent": "Gracias. El mensaje va en camino.",
    "call_back_promised": (
        "Guardamos su lugar y le llamamos. Ya puede colgar. "
        "Si alguien está en peligro, oprima el 9 para el 9 1 1, o marque el 9 1 1. Adiós."
    ),
    "call_back_are_you_the_caller": (
        "Buenas. Devolvemos una llamada que se hizo desde este teléfono. "
        "Si usted hizo esa llamada, oprima el 1 o diga sí. Si no, oprima el 2 o diga no."
    ),
    "call_back_goodbye": (
        "Gracias, y disculpe la molestia. "
        "Si necesita ayuda, oprima el 9 ahora, o marque el 9 1 1 a cualquier hora. Adiós."
    ),
    "call_back_message": (
        "Buenas. Devolvimos una llamada que se hizo desde este teléfono. "
        "En una emergencia, marque el 9 1 1. Adiós."
    ),
    "call_back_late": (
        "Buenas. Devolvimos una llamada que se hizo desde este teléfono. "
        "Si necesita ayuda ahora, por favor cuelgue y marque el 9 1 1. Adiós."
    ),
    "call_back_thanks": "Gracias. Por favor, no cuelgue. Para el 9 1 1, oprima el 9.",
    "call_back_connecting": "Gracias. Por favor, no cuelgue.",
    "comfort": "La llamada sigue conectada. Alguien le va a atender.",
    "your_position": "Su lugar en la fila es el {position}.",
    "you_are_next": "Usted sigue en la fila.",
    "expected_wait_minute": "La espera es de más o menos un minuto.",
    "expected_wait_minutes": "La espera es de unos {minutes} minutos.",
    "press_9_for_911": "En cualquier momento puede oprimir el 9 para el 9 1 1.",
    "you_are_on_hold": "Está en espera. Seguimos con usted. Para el 9 1 1, oprima el 9.",
    "still_on_hold": "Sigue en la línea. Para el 9 1 1, oprima el 9.",
    "one_moment_still_here": "Un momento, no cuelgue. Para el 9 1 1, oprima el 9.",
    "line_dropped_finding_someone": "Se cortó la línea. No cuelgue. Estoy buscando a alguien.",
    "still_finding_someone": "Sigo buscando a alguien para usted. Por favor, no cuelgue.",
    # De vuelta al 911
    "connecting_to_911": "Le estoy comunicando con el 9 1 1. Por favor, no cuelgue.",
    "trying_911_again": "Le sigo comunicando con el 9 1 1. Por favor, no cuelgue.",
    "911_is_being_reached": "Estoy llamando al 9 1 1. Por favor, no cuelgue.",
    "you_are_ahead": "Su llamada pasa antes que las demás.",
    "911_still_being_reached": "Sigo llamando al 9 1 1. Por favor, no cuelgue.",
    "911_has_left": "El 9 1 1 colgó. Si todavía necesita ayuda, no cuelgue.",
    "press_9_to_reconnect": "Para volver a hablar con el 9 1 1 ahora, oprima el 9.",
    "you_will_be_reconnected": "Si no cuelga, vuelvo a llamar al 9 1 1.",
    "connecting_to_crisis_line": (
        "Le estoy comunicando con la línea de crisis. Por favor, no cuelgue."
    ),
    "crisis_line_has_left": (
        "La línea de crisis terminó la llamada. Si todavía necesita ayuda, no cuelgue."
    ),
    "receiver_has_left": (
        "La otra persona terminó la llamada. Si todavía necesita ayuda, no cuelgue."
    ),
    "you_will_be_connected": "Si no cuelga, llamo al 9 1 1.",
    "clinician_has_ended_the_call": (
        "Su consejero terminó esta llamada. Si necesita ayuda ahora, oprima el 9 para el 9 1 1. "
        "Puede volver a llamar cuando quiera. Cuídese mucho."
    ),
    # Motivos
    "reason_mental_health": "una crisis emocional o de salud mental",
    "reason_suicidal": "pensamientos de suicidio",
    "reason_dispute": "una discusión",
    "reason_welfare": "preocupación por alguien",
    "reason_other": "otro motivo",
    # El aviso al equipo
    "team_page_request": (
        "Despacho de Switchback para {team}. Un consejero pide una respuesta en persona. "
        "Lugar: {location}. Peligro conocido: {hazards}."
    ),
    "team_page_incident": "Incidente {incident}.",
    "team_page_keys": "Oprima el 1 para aceptar, el 2 para rechazar, el 3 para repetir.",
    "team_page_not_heard": "No escuché ninguna tecla.",
    "team_page_not_understood": "Esa tecla no está en este menú.",
    "team_page_acknowledged": (
        "La llamada es suya. Use el enlace de su mensaje de texto para avisar cuando salga, "
        "cuando llegue y cuando termine. Adiós."
    ),
    "team_page_declined": "Usted rechazó la solicitud, y pasa a otro equipo. Adiós.",
    "team_page_failed": "No escuché una respuesta. La solicitud sigue su curso. Adiós.",
    "team_page_withdrawn": "Gracias. Esta solicitud ya no espera su respuesta. Adiós.",
    "team_page_unknown": "No se indicó.",
    "place_incident_location": "el lugar del incidente",
    "place_caller_will_tell": "un lugar que dirá la persona que llama",
    "hazards_yes": "sí",
    "hazards_no": "no",
    "hazards_unknown": "no se sabe",
}
